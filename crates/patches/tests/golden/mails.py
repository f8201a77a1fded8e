"""The patch on standard input as mails in several encodings."""

import base64, email.policy, quopri, sys
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

folder, patch = sys.argv[1], sys.stdin.buffer.read()
HEAD = b"From: A Curator <curator@example.org>\nSubject: =?utf-8?q?=5BPATCH_1/1=5D_Gr=C3=B6=C3=9Fe?=\nMIME-Version: 1.0\n"
KIND = b"Content-Type: text/plain; charset=%s\nContent-Transfer-Encoding: %s\n\n"


def write(name, content):
    with open(f"{folder}/{name}.patch", "wb") as file:
        file.write(content)


write("mail-quoted-printable", HEAD + KIND % (b"UTF-8", b"quoted-printable") + quopri.encodestring(patch))
write("mail-base64", HEAD + KIND % (b"UTF-8", b"base64") + base64.encodebytes(patch))
write("mail-8bit", HEAD + KIND % (b"UTF-8", b"8bit") + patch)
write("mail-latin1", HEAD + KIND % (b"ISO-8859-1", b"quoted-printable") + quopri.encodestring(patch.decode().encode("latin-1")))
write("refused-mail-flowed", HEAD + b"Content-Type: text/plain; charset=UTF-8; format=flowed\n\n" + patch)
mail = MIMEMultipart(boundary="=-=-=")
mail["Subject"], mail["From"] = "[PATCH] rows", "A Curator <curator@example.org>"
mail.attach(MIMEText("Rows that were missing.\n"))
part = MIMEApplication(patch)
part.add_header("Content-Disposition", "attachment", filename="rows.patch")
mail.attach(part)
write("mail-attached", mail.as_bytes(policy=email.policy.SMTP))
