"""The faulty server, its model, and certificates made by openssl for the length of a session."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faulty_server.conftest import ask_all, make_model, server

__all__ = ["ask_all", "make_model", "server"]

HOST = "model.example"
"""A name that no resolver knows; certificates are made for it."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files: an authority, a server's and a client's certificate (each with its key), and an expired one."""

    authority: Path
    server: Path
    client: Path
    expired: Path
    locked_key: Path

    def context(self, name: str = "server", *, wants_client: bool = False) -> ssl.SSLContext:
        """Of a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(getattr(self, name))
        if wants_client:
            context.load_verify_locations(self.authority)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def _takes(option: str) -> bool:
    """Whether this machine's `openssl x509` knows an option."""
    told = subprocess.run(["openssl", "x509", "-help"], capture_output=True, text=True, check=False)
    return option in told.stdout + told.stderr


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificates, and it is not on this machine")
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=Test authority",
            "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    # OpenSSL from 3.4 on takes no time that is over in days, and before it no dates
    gone = ("-not_before", "20200101000000Z", "-not_after", "20200102000000Z")
    over = gone if _takes(gone[0]) else ("-days", "-1")
    for name, validity in (("server", ("-days", "30")), ("client", ("-days", "30")), ("expired", over)):
        (folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{HOST},DNS:elsewhere.example\n")
        openssl("req", "-new", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-extfile", f"{name}.ext", "-out", f"{name}.crt", *validity)  # fmt: skip
        whole = (folder / f"{name}.crt").read_bytes() + (folder / f"{name}.key").read_bytes()
        (folder / f"{name}.pem").write_bytes(whole)
    openssl("ec", "-in", "client.key", "-out", "locked.key", "-aes128", "-passout", "pass:closed")
    return Certificates(
        *(folder / name for name in ("ca.pem", "server.pem", "client.pem", "expired.pem", "locked.key"))
    )
