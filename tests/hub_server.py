"""A stand-in of the Hugging Face hub, as far as one publishes and fetches."""

import base64
import contextlib
import hashlib
import http.server
import json
import re
import threading

COMMIT = re.compile(r"/api/models/([\w.-]+/[\w.-]+)/commit/main")
PREUPLOAD = re.compile(r"/api/models/([\w.-]+/[\w.-]+)/preupload/main")
TREE = re.compile(r"/api/models/([\w.-]+/[\w.-]+)/tree/\w+")
FILE = re.compile(r"/([\w.-]+/[\w.-]+)/resolve/(\w+)/(.+)")
INFO = re.compile(r"/api/models/([\w.-]+/[\w.-]+)(?:/revision/(\w+))?")


class Repository:
    """Files of the newest commit.

    Attributes:
      files: {path: bytes}.
      private: Whether it was made so.
      commits: How many there have been.
    """

    def __init__(self, private):
        self.files = {}
        self.private = private
        self.commits = 0

    @property
    def sha(self):
        return hashlib.sha1(str(self.commits).encode()).hexdigest()


class Hub(http.server.ThreadingHTTPServer):
    """Listens on a port of this machine.

    Attributes:
      repositories: {"USER/NAME": Repository}.
      tokens: What requests were signed with.
      cards: Texts whose front matter was to be validated.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories, self.tokens, self.cards = {}, set(), []

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(size)
        self.server.tokens.add(self.headers.get("Authorization"))
        if self.path == "/api/repos/create":
            self._create(json.loads(body))
        elif self.path == "/api/validate-yaml":
            self.server.cards.append(json.loads(body)["content"])
            self._answer({"errors": [], "warnings": []})
        elif match := PREUPLOAD.match(self.path):
            names = [file["path"] for file in json.loads(body)["files"]]
            modes = {"uploadMode": "regular", "shouldIgnore": False}
            files = [{"path": name, "oid": None, **modes} for name in names]
            self._answer({"files": files})
        elif match := COMMIT.match(self.path):
            self._commit(match[1], body)
        else:
            self._answer({"error": f"no {self.path}"}, 404)

    def _create(self, asked):
        name = "/".join(
            filter(None, [asked.get("organization"), asked["name"]])
        )
        known = self.server.repositories
        if name in known:
            self._answer({"url": f"{self.server.address}/{name}"}, 409)
            return
        private = asked.get("visibility") == "private" or asked.get("private")
        known[name] = Repository(bool(private))
        self._answer({"url": f"{self.server.address}/{name}", "name": name})

    def _commit(self, name, body):
        repository = self.server.repositories[name]
        for line in body.decode().splitlines():
            held = json.loads(line)
            value = held["value"]
            if held["key"] == "file":
                content = base64.b64decode(value["content"])
                repository.files[value["path"]] = content
            elif held["key"] == "deletedFile":
                del repository.files[value["path"]]
        repository.commits += 1
        address = f"{self.server.address}/{name}/commit/{repository.sha}"
        self._answer({"commitUrl": address, "commitOid": repository.sha})

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.partition("?")[0]
        self.server.tokens.add(self.headers.get("Authorization"))
        if match := INFO.fullmatch(path):
            self._info(match[1])
        elif match := TREE.fullmatch(path):
            self._tree(match[1])
        elif match := FILE.fullmatch(path):
            self._file(match[1], match[3])
        else:
            self._answer({"error": f"no {self.path}"}, 404)

    def _info(self, name):
        repository = self.server.repositories.get(name)
        if repository is None:
            self._answer({"error": "Repository not found"}, 404)
            return
        self._answer(
            {
                "id": name,
                "modelId": name,
                "private": repository.private,
                "sha": repository.sha,
                "siblings": [{"rfilename": n} for n in repository.files],
                "tags": [],
                "downloads": 0,
                "likes": 0,
            }
        )

    def _tree(self, name):
        files = self.server.repositories[name].files
        self._answer(
            [
                {
                    "type": "file",
                    "path": path,
                    "size": len(content),
                    "oid": hashlib.sha1(content).hexdigest(),
                }
                for path, content in files.items()
            ]
        )

    def _file(self, name, path):
        repository = self.server.repositories[name]
        content = repository.files.get(path)
        if content is None:
            self._answer({"error": "Entry not found"}, 404, "EntryNotFound")
            return
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", repository.sha)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def _answer(self, value, status=200, code=None):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 404:
            self.send_header("X-Error-Code", code or "RepoNotFound")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextlib.contextmanager
def serving():
    """A `Hub` for as long as the body lasts."""
    hub = Hub()
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()
