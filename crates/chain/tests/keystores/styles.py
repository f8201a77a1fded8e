"""Writes the key files of programs that are not at hand, each with what is peculiar to it. Needs `pycryptodome`."""

import hashlib
import json
import pathlib
import uuid

from Crypto.Cipher import AES
from Crypto.Hash import keccak
from Crypto.Util import Counter

PASSWORD = b"correct horse"
SECRET = bytes([7] * 32)
ADDRESS = "4a62316623ad457f02cdc5d997ded67a383ec569"
# Its first byte is zero.
SHORT_SECRET = bytes([0] + [7] * 31)
SHORT_ADDRESS = "2771edf80c74dc98001f434d475b313deaa623ea"
OTHER_ADDRESS = "00000000000000000000000000000000deadbeef"
SALT = bytes(range(32))
IV = bytes(range(16, 32))
ID = str(uuid.UUID(bytes=bytes(range(16))))


def keccak256(data):
    return keccak.new(digest_bits=256, data=data).digest()


def stretched(kdf, salt, n, p):
    if kdf == "scrypt":
        cost = {"dklen": 32, "n": n, "p": p, "r": 8, "salt": salt.hex()}
        return cost, hashlib.scrypt(PASSWORD, salt=salt, n=n, r=8, p=p, dklen=32)
    cost = {"c": 10240, "dklen": 32, "prf": "hmac-sha256", "salt": salt.hex()}
    return cost, hashlib.pbkdf2_hmac("sha256", PASSWORD, salt, 10240, 32)


def crypto(secret, kdf="scrypt", iv=IV, shown_iv=None, cbc=False, salt=SALT, n=4096, p=6):
    cost, key = stretched(kdf, salt, n, p)
    if cbc:
        ciphertext = AES.new(key[:16], AES.MODE_CBC, iv).encrypt(secret)
    else:
        counter = Counter.new(128, initial_value=int.from_bytes(iv, "big"))
        ciphertext = AES.new(key[:16], AES.MODE_CTR, counter=counter).encrypt(secret)
    return {
        "cipher": "aes-128-cbc" if cbc else "aes-128-ctr",
        "cipherparams": {"iv": iv.hex() if shown_iv is None else shown_iv},
        "ciphertext": ciphertext.hex(),
        "kdf": kdf,
        "kdfparams": cost,
        "mac": keccak256(key[16:32] + ciphertext).hex(),
    }


def write(name, file, mark=""):
    pathlib.Path(__file__).with_name(name).write_text(mark + json.dumps(file, indent=2) + "\n", encoding="utf-8")


# `Crypto` with a capital, as its early versions and ethers write it; the address with `0x`.
write("myetherwallet.json", {"version": 3, "id": ID, "address": "0x" + ADDRESS, "Crypto": crypto(SECRET)})
# PBKDF2 with few rounds, a name and notes of its own.
parity = {"id": ID, "version": 3, "crypto": crypto(SECRET, "pbkdf2"), "address": "0x" + ADDRESS.upper(), "name": "", "meta": "{}"}
write("parity.json", parity)
# A secret of 33 bytes: the number is written with a sign byte. No address.
write("web3dart.json", {"crypto": crypto(bytes([0]) + SECRET, "pbkdf2"), "id": ID, "version": 3})
# A byte order mark, and an id that is the address.
write("nethermind.json", {"address": ADDRESS, "crypto": crypto(SECRET), "id": "0x" + ADDRESS, "version": 3}, "\ufeff")
# A secret of 31 bytes: the zero in front is lost, as in geth before 2016 and in early Parity.
write("short-secret.json", {"address": SHORT_ADDRESS, "crypto": crypto(SHORT_SECRET[1:]), "id": ID, "version": 3})
# A counter written as a number, without its zeros in front: one digit lost, or two and no address to check the guess by.
short = bytes([9, *range(17, 32)])
write("short-iv.json", {"address": ADDRESS, "crypto": crypto(SECRET, iv=short, shown_iv=short.hex()[1:]), "id": ID, "version": 3})
short = bytes([0, *range(17, 32)])
write("short-iv-alone.json", {"crypto": crypto(SECRET, iv=short, shown_iv=short.hex()[2:]), "id": ID, "version": 3})
# A counter of 32 bytes of which the first 16 count, as Libplanet has written.
write("long-iv.json", {"address": ADDRESS, "crypto": crypto(SECRET, shown_iv=(IV + SALT[:16]).hex()), "id": ID, "version": 3})
# The same where the last 16 count.
write("long-iv-behind.json", {"address": ADDRESS, "crypto": crypto(SECRET, shown_iv=(SALT[:16] + IV).hex()), "id": ID, "version": 3})
# A counter that has lost its zeros behind.
cut = bytes(range(1, 15)) + bytes(2)
write("cut-iv.json", {"address": ADDRESS, "crypto": crypto(SECRET, iv=cut, shown_iv=cut[:14].hex()), "id": ID, "version": 3})
# Really encrypted by CBC, as early Nethermind and web3swift did.
write("refused-cbc.json", {"address": ADDRESS, "crypto": crypto(SECRET, cbc=True), "id": ID, "version": 3})
# A sound key under the address of another account.
write("refused-foreign.json", {"address": OTHER_ADDRESS, "crypto": crypto(SECRET), "id": ID, "version": 3})
# What this project writes, at a cost that nobody should use.
own = crypto(SECRET, iv=bytes([2] * 16), salt=bytes([1] * 32), n=16, p=1)
write("neuron.json", {"address": ADDRESS, "crypto": own, "id": str(uuid.UUID(bytes=bytes([3] * 16), version=4)), "version": 3})
