#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# hub_server.py - stands in for the Hugging Face hub and for torchvision's server, on loopback, at a port of its own.
#
# hub_server.py FOLDER LOG - serves FOLDER/ORG/NAME/FILE as a hub does, the answer to a weight file being a redirect, and
# FOLDER/models/FILE plainly. Prints its port, writes a line for each request to LOG: METHOD PATH RANGE AUTHORIZATION, with
# "-" for what is absent. The first word of a repository's NAME says what goes wrong:
#
#   other    the redirect goes to another host       cut      the first answer ends in the middle
#   whole    as cut, and cannot go on from there     wrong    another SHA-256 is announced
#   gated    401 without the token "secret"          down     503
#   strange  an answer that is no hub's              climb    an ETag that would leave the folder
#   slow, stands  the first answer stands still in the middle          moved    now called plain, on the same host
import hashlib
import http.server
import os
import sys
import time

FOLDER, LOG = sys.argv[1:3]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
cut_once = set()


class Hub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def note(self):
        line = [self.command, self.path, self.headers.get("Range", "-"), self.headers.get("Authorization", "-")]
        with open(LOG, "a", encoding="utf-8") as log:
            log.write(" ".join(line) + "\n")

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    # /ORG/NAME/resolve/main/FILE
    def resolve(self, org, name, file):
        kind = name.split("-")[0]
        path = os.path.join(FOLDER, org, name, file)
        if kind == "gated" and self.headers.get("Authorization") != "Bearer secret":
            return self.answer(401, [("X-Error-Code", "GatedRepo")])
        if kind == "moved":
            return self.answer(307, [("Location", self.path.replace("moved", "plain")), ("ETag", '"of-the-redirect"')])
        if kind == "down":
            return self.answer(503)
        if kind == "strange":
            return self.answer(200, [], b"<html>Welcome to the hotel</html>")
        if not os.path.isdir(os.path.dirname(path)):
            return self.answer(404, [("X-Error-Code", "RepoNotFound")])
        if not os.path.isfile(path):
            return self.answer(404, [("X-Error-Code", "EntryNotFound"), ("X-Repo-Commit", COMMIT)])
        with open(path, "rb") as f:
            body = f.read()
        headers = [("X-Repo-Commit", COMMIT)]
        if file.endswith(".json"):
            etag = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
            return self.answer(200, headers + [("ETag", f'"{etag}"')], body)
        digest = hashlib.sha256(body).hexdigest()
        if kind == "wrong":
            digest = "0" * 64
        if kind == "climb":
            digest = "../../../climbed"
        host = f"http://localhost:{self.server.server_port}" if kind == "other" else ""
        headers += [("X-Linked-Etag", f'"{digest}"'), ("X-Linked-Size", str(len(body))), ("ETag", '"of-the-redirect"')]
        return self.answer(302, headers + [("Location", f"{host}/cdn/{org}/{name}/{file}?signature=x")])

    def file(self, path, kind):
        if not os.path.isfile(path):
            return self.answer(404)
        with open(path, "rb") as f:
            body = f.read()
        begin = self.headers.get("Range")
        begin = int(begin.removeprefix("bytes=").rstrip("-")) if begin and kind != "whole" else 0
        if kind in ("cut", "whole", "slow", "stands") and path not in cut_once and self.command == "GET":
            cut_once.add(path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            time.sleep(60 if kind in ("slow", "stands") else 0)
            self.close_connection = True
            return None
        if begin:
            part = [("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")]
            return self.answer(206, part, body[begin:])
        return self.answer(200, [], body)

    def do_GET(self):
        self.note()
        words = self.path.split("?")[0].strip("/").split("/")
        if len(words) == 5 and words[2] == "resolve":
            return self.resolve(words[0], words[1], words[4])
        if len(words) == 4 and words[0] == "cdn":
            return self.file(os.path.join(FOLDER, *words[1:]), words[2].split("-")[0])
        return self.file(os.path.join(FOLDER, *words), "")

    do_HEAD = do_GET


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    print(server.server_port, flush=True)
    server.serve_forever()
