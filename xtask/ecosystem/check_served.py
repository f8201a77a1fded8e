"""Asks a group's model by OpenAI's interface, as any program for language models does, and compares with what is expected.

    check_served.py ANSWER.json NEURON ARGUMENT…

ANSWER.json is as the example `again` of crates/models writes it. NEURON with its arguments and `serve-model` is started on a port of its own
and ended again; the text that it goes on with must be the greedy one.
"""

import json
import subprocess
import sys
import urllib.request


def ask(base, body):
    asked = urllib.request.Request(f"{base}/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(asked, timeout=60) as answer:
        return json.load(answer)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        expected = json.load(file)
    # Only here, and only as long as it is asked.
    command = [*sys.argv[2:], "serve-model", "--listen", "127.0.0.1:0", "--stay"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            base = next(word for word in line.split() if word.startswith("http://"))
            body = {"prompt": expected["prompt_text"], "max_tokens": len(expected["greedy"]), "temperature": 0}
            told = ask(base, body)["choices"][0]
        finally:
            process.terminate()
    assert told["text"] == expected["served"], f"the server goes on with {told['text']!r}, not {expected['served']!r}"
    print(json.dumps({"served": told["text"], "finish_reason": told["finish_reason"]}))


main()
