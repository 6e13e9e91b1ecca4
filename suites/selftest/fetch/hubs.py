"""Stand-ins of two hubs behind one local HTTP server: what their clients ask for when they fetch a model, no more.

A repository's name says how it behaves: ``a/gated`` lists its files and gives none, ``a/cut`` loses the connection in
the middle of the weights once and is away for the next request, ``a/huge`` lists a file larger than any disk.
"""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = "model.safetensors"
HUGE = 10**18
"""Bytes: an exabyte."""
REVISIONS = {"main": COMMIT, "master": COMMIT, "v1": COMMIT, COMMIT: COMMIT}


@dataclass
class Hub:
    files: Mapping[str, bytes]
    url: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and Range of every request, in their order."""
    cuts: dict[str, int] = field(default_factory=dict)
    """Path -> requests of it so far."""

    def ranges(self, repository: str) -> list[str]:
        """The Range of each request for the weights of a repository; "" where it asked for all."""
        of_it = (one for one in self.asked if one[0] == "GET" and repository in one[1] and WEIGHTS in one[1])
        return [wanted for _, _, wanted in of_it]


@contextmanager
def served(files: Mapping[str, bytes]) -> Iterator[Hub]:
    """Both hubs with the same files in each repository, for as long as the context lasts."""
    hub = Hub(files)

    class Handler(_Handler):
        pass

    Handler.hub = hub
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the test reads what was asked from `Hub.asked`."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.hub.asked.append((self.command, self.path, self.headers.get("Range", "")))
        words, query = unquote(parts.path).strip("/").split("/"), parse_qs(parts.query)
        if words[:2] == ["api", "models"]:
            self._hugging_face(words[3], *(words[4:6] or ["revision", "main"]))
        elif words[2:3] == ["resolve"]:
            self._file(words[1], "/".join(words[4:]), words[3])
        elif words[:3] == ["api", "v1", "models"]:
            self._modelscope(words[3:], query)
        else:
            self._json(404, {"Code": 404, "Message": "not found"})

    def _hugging_face(self, name: str, what: str, revision: str) -> None:
        if name == "absent":
            return self._error(404, "RepoNotFound")
        if revision not in REVISIONS:
            return self._error(404, "RevisionNotFound")
        if what == "tree":
            return self._json(200, [_entry(path, *known) for path, known in self._sizes(name)])
        siblings = [
            {"rfilename": path, "size": size, "blobId": digest, "lfs": _lfs(path, size, digest)}
            for path, (size, digest) in self._sizes(name)
        ]
        return self._json(200, {"id": f"a/{name}", "sha": REVISIONS[revision], "siblings": siblings})

    def _modelscope(self, words: list[str], query: dict[str, list[str]]) -> None:
        name, revision = words[1], query.get("Revision", ["master"])[0]
        if name == "absent" or revision not in REVISIONS:
            return self._json(404, {"Code": 10010205001, "Message": "not found", "Success": False})
        if words[2:] == ["repo", "files"]:
            files = [
                {"Path": path, "Name": path, "Type": "blob", "Size": size, "Sha256": digest}
                | {"Revision": COMMIT, "CommittedDate": 1}
                for path, (size, digest) in self._sizes(name)
            ]
            return self._json(200, {"Code": 200, "Data": {"Files": files}})
        if words[2:] == ["repo"]:
            return self._file(name, query["FilePath"][0], revision)
        return self._json(200, {"Code": 200, "Data": {"Name": name}})

    def _sizes(self, name: str) -> Iterator[tuple[str, tuple[int, str]]]:
        """Path -> size and SHA-256 of each file, as the hub lists it."""
        for path, data in self.hub.files.items():
            huge = name == "huge" and path == WEIGHTS
            yield path, (HUGE if huge else len(data), hashlib.sha256(data).hexdigest())

    def _file(self, name: str, path: str, revision: str) -> None:
        if revision not in REVISIONS:
            return self._error(404, "RevisionNotFound")
        if name == "gated":
            return self._error(403, "GatedRepo")
        if path not in self.hub.files:
            return self._error(404, "EntryNotFound")
        whole = self.hub.files[path]
        data, start = whole, 0
        if wanted := self.headers.get("Range"):
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
            data = whole[start:]
        if name == "wrong" and path == WEIGHTS:
            data = bytes(len(data))
        if name == "cut" and path == WEIGHTS and self.command == "GET":
            self.hub.cuts[self.path] = number = self.hub.cuts.get(self.path, 0) + 1
            if number == 1:
                return self._cut(data)
            if number == 2:
                return self._error(500, "")
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(whole) - 1}/{len(whole)}")
        digest = hashlib.sha256(whole).hexdigest()
        self.send_header("ETag", f'"{digest}"')
        self.send_header("X-Repo-Commit", COMMIT)
        if path == WEIGHTS:
            self.send_header("X-Linked-Etag", f'"{digest}"')
            self.send_header("X-Linked-Size", str(len(whole)))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def _cut(self, data: bytes) -> None:
        """Half of it, and then no connection any more."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _error(self, status: int, code: str) -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


def _lfs(path: str, size: int, digest: str) -> dict[str, Any] | None:
    return {"sha256": digest, "size": size, "pointerSize": 134} if path == WEIGHTS else None


def _entry(path: str, size: int, digest: str) -> dict[str, Any]:
    lfs = {"oid": digest, "size": size, "pointerSize": 134}
    return {"type": "file", "path": path, "size": size, "oid": digest} | ({"lfs": lfs} if path == WEIGHTS else {})


def files_of(folder: Path) -> dict[str, bytes]:
    """A checkpoint's files as a repository, and beside them what no base needs."""
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    return {**found, "README.md": b"# read me", "pytorch_model.bin": b"pickled", "onnx/model.onnx": b"other"}
