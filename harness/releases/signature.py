"""Sign and check bundles: one signature over the exact set of files, with a P-256 key, without a network.

OpenSSF's model-signing makes and checks it; the verdict's statement and receipts are signed with the same key, in DSSE
envelopes, by securesystemslib. All of them belong to the extra ``sign`` and are imported where they are used.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import SignatureError
from harness.releases.verify_alone import SIGNATURE

INSTALL = "pip install -c constraints.txt 'greenrun[sign]'"


def make_keys(private: Path, public: Path) -> None:
    """Write a new P-256 key pair as PEM files; the private one can be read by its owner alone.

    Raises:
        SignatureError: a file is there already, or cannot be written.
    """
    crypto = _crypto()
    for path in (private, public):
        if os.path.lexists(path):
            raise SignatureError(path, "exists already; a key is never overwritten, name another place")
    key = crypto.ec.generate_private_key(crypto.ec.SECP256R1())
    secret = key.private_bytes(
        crypto.serialization.Encoding.PEM,
        crypto.serialization.PrivateFormat.PKCS8,
        crypto.serialization.NoEncryption(),
    )
    shown = key.public_key().public_bytes(
        crypto.serialization.Encoding.PEM, crypto.serialization.PublicFormat.SubjectPublicKeyInfo
    )
    try:
        private.parent.mkdir(parents=True, exist_ok=True)
        public.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(secret)
        public.write_bytes(shown)
    except OSError as error:
        raise SignatureError(private, f"the keys cannot be written ({error})") from error


def check_private(key: Path) -> None:
    """Refuse, before a run begins, a key that could not sign at its end.

    Raises:
        SignatureError: it cannot be read, is no P-256 private key, or a package of the extra is missing.
    """
    _private(key)
    _signer(key)
    _model_signing()


def sign_folder(folder: Path, key: Path) -> None:
    """Sign the exact set of a bundle's files, as ``model.sig`` among them.

    Raises:
        SignatureError: the key cannot be used.
    """
    signing, _, hashing = _model_signing()
    _private(key)
    place = folder / SIGNATURE
    config = signing.Config().use_elliptic_key_signer(private_key=key)
    config.set_hashing_config(_but_itself(hashing, place)).sign(folder, place)


def folder_problem(folder: Path, key: Path) -> str:
    """Why a folder does not count as signed by the public key's owner; "" where it does.

    Raises:
        SignatureError: the key cannot be used, or a package of the extra is missing.
    """
    _, verifying, hashing = _model_signing()
    fingerprint(key)
    if not (folder / SIGNATURE).is_file():
        return f"{SIGNATURE} is missing: the bundle is not signed"
    try:
        config = verifying.Config().use_elliptic_key_verifier(public_key=key)
        config.set_hashing_config(_but_itself(hashing, folder / SIGNATURE)).verify(folder, folder / SIGNATURE)
    except Exception as error:  # model-signing has no class of its own for what a stranger's file may cause
        return f"{SIGNATURE} is not the signature of {key.name}'s owner over these files: {_first_line(error)}"
    return ""


def seal(payload: Mapping[str, Any], kind: str, key: Path) -> str:
    """A DSSE envelope around a JSON object, as the text of a file.

    Args:
        kind: the payload's media type.

    Raises:
        SignatureError: the key cannot be used.
    """
    from securesystemslib.dsse import Envelope

    signer = _signer(key)
    envelope = Envelope(json.dumps(payload, ensure_ascii=False, sort_keys=True).encode(), kind, {})
    envelope.sign(signer)
    return json.dumps(envelope.to_dict(), indent=1, sort_keys=True) + "\n"


def opened(path: Path, key: Path) -> Any:
    """The JSON object of a DSSE envelope that the public key's owner signed.

    Raises:
        SignatureError: nobody signed it, or somebody else did; or it is no envelope.
    """
    try:
        from securesystemslib.dsse import Envelope
        from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]
    except ImportError as error:
        raise _missing(error) from error
    known = SSlibKey.from_crypto(_public(key))
    try:
        envelope = Envelope.from_dict(json.loads(path.read_text(encoding="utf-8")))
        envelope.verify([known], 1)
        return json.loads(envelope.payload)
    except Exception as error:  # whatever a stranger's file may cause in a parser
        raise SignatureError(path, f"is no statement that {key.name}'s owner signed: {_first_line(error)}") from error


def payload_of(path: Path) -> Any:
    """The JSON object of a DSSE envelope, whoever signed it.

    Raises:
        SignatureError: it is no envelope.
    """
    try:
        return json.loads(base64.b64decode(json.loads(path.read_text(encoding="utf-8"))["payload"], validate=True))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SignatureError(path, f"is no DSSE envelope ({_first_line(error)})") from error


def fingerprint(key: Path) -> str:
    """SHA-256 of a public key, for people to compare it.

    Raises:
        SignatureError: it is no public P-256 key.
    """
    crypto = _crypto()
    form = crypto.serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(_public(key).public_bytes(crypto.serialization.Encoding.DER, form)).hexdigest()


def _public(key: Path) -> Any:
    crypto = _crypto()
    try:
        found = crypto.serialization.load_pem_public_key(key.read_bytes())
    except (OSError, ValueError) as error:
        raise SignatureError(key, f"is no public key in PEM ({_first_line(error)}); the sender has it") from error
    if not isinstance(found, crypto.ec.EllipticCurvePublicKey) or found.curve.name != "secp256r1":
        raise SignatureError(key, "is no P-256 key; python -m harness.keys makes one")
    return found


def _private(key: Path) -> Any:
    crypto = _crypto()
    try:
        found = crypto.serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise SignatureError(key, f"is no private key in PEM without a password ({_first_line(error)})") from error
    if not isinstance(found, crypto.ec.EllipticCurvePrivateKey) or found.curve.name != "secp256r1":
        raise SignatureError(key, "is no P-256 key; python -m harness.keys makes one")
    return found


def _signer(key: Path) -> Any:
    try:
        from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]
    except ImportError as error:
        raise _missing(error) from error
    return CryptoSigner(_private(key))


def _but_itself(hashing: Any, place: Path) -> Any:
    """model-signing's hashing of a folder: every file but the signature. git's own files would be left out by
    default."""
    return hashing.Config().set_ignored_paths(paths=[place], ignore_git_paths=False)


def _model_signing() -> tuple[Any, Any, Any]:
    try:
        from model_signing import hashing, signing, verifying
    except ImportError as error:
        raise _missing(error) from error
    return signing, verifying, hashing


def _crypto() -> _Crypto:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError as error:
        raise _missing(error) from error
    return _Crypto(ec, serialization)


@dataclass(frozen=True, slots=True)
class _Crypto:
    """The modules of cryptography that keys need, imported when they are used."""

    ec: Any
    serialization: Any


def _missing(error: ImportError) -> SignatureError:
    return SignatureError("signing", f"needs a package that is not installed ({error.name}); {INSTALL}")


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
