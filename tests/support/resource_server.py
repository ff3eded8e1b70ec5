"""A service in the documented shapes, for everything that is not a chat.

It runs as a process of its own: `python -m tests.support.resource_server` prints
`{"url"}` and
ends when its stdin closes. Each lane (`/lane=a/...`) has its own files, tasks and
counters; `GET /lane=a/state` tells what was asked there. A task is done at its third
look. A prompt of "fail" makes a task fail, `status=429:1302` in the base URL refuses
everything, `status=503:500:2` the first two requests, `status=0::1` hangs up on the
first; a knowledge base of id "none" is not there.
"""

from __future__ import annotations

import base64
import io
import json
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pypdf import PdfReader

Json = dict[str, Any]
LOOKS = 3
STAMP = "20261121090000"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
MP4 = b"\0\0\0\x18ftypmp42" + b"\0" * 64
WAV = b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 24


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Json
    files: dict[str, tuple[str, int]] = field(default_factory=dict)


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str, message: str = "refused") -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Lane:
    """What one test's service knows."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked: list[Asked] = []
        self.files: dict[str, bytes] = {}
        self.named: dict[str, Json] = {}
        self.looks: dict[str, int] = {}
        self.tasks: dict[str, Json] = {}
        self.batches: dict[str, Json] = {}
        self.bases: dict[str, Json] = {}
        self.numbers = count(1)
        self.lock = threading.Lock()

    def number(self) -> str:
        return f"{STAMP}{next(self.numbers):016x}"


LANES: dict[str, Lane] = {}
LOCK = threading.Lock()


def scanned(file: str) -> list[str]:
    """Return what is read on each page of a PDF in base64; [] for another file."""
    data = base64.b64decode(file.rpartition(",")[2])
    if b"%%EOF" not in data:
        return []
    pages = PdfReader(io.BytesIO(data)).pages
    return [f"page of {page.mediabox.width:.0f} points" for page in pages]


def chat_of(asked: Json, request_id: str) -> Json:
    text = asked["messages"][-1]["content"]
    message = {"role": "assistant", "content": f"You said: {text}"}
    return {
        "choices": [{"finish_reason": "stop", "index": 0, "message": message}],
        "created": 1791565692,
        "id": request_id,
        "model": asked["model"].upper(),
        "request_id": request_id,
        "usage": {"completion_tokens": 16, "prompt_tokens": 100, "total_tokens": 116},
    }


def embedding_of(asked: Json) -> Json:
    texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
    width = asked.get("dimensions") or 2048
    data = [
        {"index": place, "object": "embedding", "embedding": [len(text) + 0.5] * width}
        for place, text in enumerate(texts)
    ]
    tokens = sum(len(text) for text in texts)
    usage = {"prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens}
    return {
        "model": asked["model"],
        "object": "list",
        "data": data[::-1],
        "usage": usage,
    }


def submit(lane: Lane, asked: Asked, kind: str) -> Json:
    task_id = lane.number()
    lane.tasks[task_id] = {"kind": kind, "asked": asked.body}
    return {
        "id": task_id,
        "model": asked.body["model"],
        "request_id": task_id,
        "task_status": "PROCESSING",
    }


def look(lane: Lane, task_id: str, origin: str) -> Json:
    if task_id not in lane.tasks:
        raise Refusal(400, "1233", "task does not exist")
    lane.looks[task_id] = lane.looks.get(task_id, 0) + 1
    head = {"id": task_id, "request_id": task_id}
    task = lane.tasks[task_id]
    if lane.looks[task_id] < LOOKS:
        return head | {"task_status": "PROCESSING"}
    if task["asked"].get("prompt") == "fail" or "fail" in str(
        task["asked"].get("messages")
    ):
        return head | {"task_status": "FAIL"}
    done = head | {"task_status": "SUCCESS", "model": task["asked"]["model"].upper()}
    match task["kind"]:
        case "chat":
            return chat_of(task["asked"], task_id) | done
        case "image":
            return done | {"image_result": [{"url": f"{origin}/drawn.png"}]}
        case _:
            video = {
                "url": f"{origin}/filmed.mp4",
                "cover_image_url": f"{origin}/drawn.png",
            }
            return done | {"video_result": [video]}


def upload(lane: Lane, asked: Asked, data: dict[str, bytes]) -> Json:
    name, size = asked.files["file"]
    if asked.body["purpose"] == "batch":
        check_batch(data["file"])
    file_id = f"1791565720_{lane.number()}"
    lane.files[file_id] = data["file"]
    lane.named[file_id] = {
        "id": file_id,
        "object": "file",
        "bytes": size,
        "filename": name,
        "purpose": asked.body["purpose"],
        "created_at": 1791565720,
    }
    return lane.named[file_id]


def check_batch(data: bytes) -> None:
    for line in data.splitlines():
        if len(json.loads(line)["custom_id"]) < 6:
            raise Refusal(400, "1210", "custom_id")


def page(entries: list[Json], query: dict[str, str]) -> Json:
    ids = [entry["id"] for entry in entries]
    start = ids.index(query["after"]) + 1 if "after" in query else 0
    limit = min(int(query.get("limit", 20)), 100)
    chosen = entries[start : start + limit]
    return {
        "object": "list",
        "data": chosen,
        "has_more": start + limit < len(entries),
    }


def make_batch(lane: Lane, asked: Asked) -> Json:
    batch_id = f"batch_{1791490810192076800 + next(lane.numbers)}"
    lane.batches[batch_id] = {
        "id": batch_id,
        "object": "batch",
        "endpoint": asked.body["endpoint"],
        "errors": None,
        "input_file_id": asked.body["input_file_id"],
        "completion_window": None,
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": 1791490810192,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "metadata": asked.body.get("metadata"),
    }
    return lane.batches[batch_id]


def run_batch(lane: Lane, batch_id: str) -> Json:
    batch = lane.batches[batch_id]
    lane.looks[batch_id] = lane.looks.get(batch_id, 0) + 1
    lines = lane.files[batch["input_file_id"]].splitlines()
    batch["request_counts"] = {"total": len(lines), "completed": 0, "failed": 0}
    if batch["status"] in {"cancelling", "cancelled", "completed"}:
        batch["status"] = batch["status"].replace("cancelling", "cancelled")
    elif lane.looks[batch_id] < LOOKS:
        batch["status"] = "in_progress"
    else:
        finish_batch(lane, batch, [json.loads(line) for line in lines])
    return batch


def finish_batch(lane: Lane, batch: Json, lines: list[Json]) -> None:
    good, bad = [], []
    for line in reversed(lines):  # the order is not promised
        head = {"custom_id": line["custom_id"], "id": batch["id"]}
        if "fail" in str(line["body"].get("messages")):
            error = {"error": {"code": "1301", "message": "unsafe"}}
            bad.append(head | {"response": {"status_code": 400, "body": error}})
            continue
        answer = (
            embedding_of(line["body"])
            if "embeddings" in line["url"]
            else chat_of(line["body"], "8668" + line["custom_id"])
        )
        good.append(head | {"response": {"status_code": 200, "body": answer}})
    for name, found in (("output_file_id", good), ("error_file_id", bad)):
        batch[name] = ""
        if found:
            batch[name] = f"file_{lane.number()}"
            lane.files[batch[name]] = b"".join(
                json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in found
            )
    batch["status"] = "completed"
    batch["request_counts"] = {
        "total": len(lines),
        "completed": len(good),
        "failed": len(bad),
    }


def envelope(data: object) -> Json:
    return {
        "data": data,
        "code": 200,
        "message": "ok",
        "timestamp": 1791565720000,
    }


def not_there(what: str) -> Json:
    return {"code": 400, "message": f"no such {what}", "timestamp": 1791565720000}


def knowledge(lane: Lane, asked: Asked, steps: list[str]) -> Json:  # noqa: C901 - routes
    match asked.method, steps:
        case "POST", ["knowledge"]:
            base_id = str(next(lane.numbers))
            lane.bases[base_id] = asked.body | {"id": base_id, "word_num": 0}
            return envelope({"id": base_id})
        case "GET", ["knowledge"]:
            bases = list(lane.bases.values())
            return envelope({"list": bases, "total": len(bases)})
        case "GET", ["knowledge", "capacity"]:
            amount = {"word_num": 10, "length": 100}
            return envelope({"used": amount, "total": amount})
        case "POST", ["knowledge", "retrieve"]:
            meta = {"knowledge_id": "1", "doc_id": "d1", "doc_name": "a.txt"}
            found = {"id": "s1", "text": "Sky.", "score": 0.9, "metadata": meta}
            return envelope([found])
        case method, ["knowledge", base_id]:
            if base_id not in lane.bases:
                return not_there("knowledge base")
            if method == "GET":
                return envelope(lane.bases[base_id])
            if method == "PUT":
                lane.bases[base_id] |= asked.body
            else:
                del lane.bases[base_id]
            return {"code": 200, "message": "ok", "timestamp": 1791565720000}
        case "POST", ["document", "upload_document" | "upload_url", *_]:
            names = [name for name, _ in asked.files.values()] or ["web"]
            taken = [{"documentId": f"d-{name}", "fileName": name} for name in names]
            return envelope({"successInfos": taken, "failedInfos": []})
        case "GET", ["document"]:
            document = {"id": "d1", "name": "a.txt", "embedding_stat": 1}
            return envelope({"list": [document], "total": 1})
        case "GET", ["document", document_id]:
            info = {"embedding_code": 10002, "embedding_msg": "too large"}
            return envelope(
                {"id": document_id, "embedding_stat": 2, "failInfo": info, "url": None}
            )
        case "POST", ["document", "slice", *_]:
            return envelope({"images": [{"cos_url": "u"}]})
        case "DELETE" | "POST", ["document", *_]:
            return {"code": 200, "message": "ok", "timestamp": 1791565720000}
    return not_there("path")


def agent(lane: Lane, asked: Asked, steps: list[str]) -> Json:
    head = {"agent_id": asked.body["agent_id"]}
    content = {"type": "text", "text": "Good day"}
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "messages": [{"role": "assistant", "content": content}],
    }
    usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
    if asked.body["agent_id"] == "doc_translation_agent":  # as the SDK has it
        choice["message"] = choice.pop("messages")[0]
    match steps:
        case []:
            if asked.body["agent_id"].startswith("slides"):
                return head | {"async_id": lane.number(), "status": "pending"}
            more = {"id": lane.number(), "conversation_id": "c1", "error": None}
            return head | more | {"choices": [choice], "usage": usage}
        case ["async-result"]:
            task_id = asked.body["async_id"]
            lane.looks[task_id] = lane.looks.get(task_id, 0) + 1
            head |= {"async_id": task_id}
            if lane.looks[task_id] < LOOKS:
                return head | {"status": "pending"}
            return head | {"status": "success", "choices": [choice], "usage": usage}
        case _:
            return head | {"conversation_id": "c1", "choices": [choice]}


def assistant_list(steps: list[str]) -> Json:
    head = {"success": True, "code": 200, "msg": "ok"}
    if steps == ["list"]:
        entry = {"assistant_id": "a1", "name": "Drawer", "created_at": None}
        return head | {"data": [entry]}
    talk = {"id": "c1", "assistant_id": "a1", "create_time": 1791565720}
    return head | {"data": {"conversation_list": [talk], "has_more": False}}


def job(lane: Lane, job_id: str, asked: Json) -> Json:
    lane.looks[job_id] = lane.looks.get(job_id, 0) + 1
    ended = lane.looks[job_id] > LOOKS
    return {
        "id": job_id,
        "object": "fine_tuning.job",
        "created_at": 1791565720,
        "finished_at": None,
        "model": asked.get("model"),
        "fine_tuned_model": "glm-4-flash:mine" if ended else None,
        "status": "succeeded" if ended else "running",
        "training_file": asked.get("training_file"),
        "trained_tokens": 1000 if ended else None,
        "hyperparameters": asked.get("hyperparameters"),
    }


def tuning(lane: Lane, asked: Asked, steps: list[str]) -> Json:
    match asked.method, steps:
        case "POST", ["jobs"]:
            job_id = f"ftjob-{lane.number()}"
            lane.tasks[job_id] = asked.body
            return job(lane, job_id, asked.body)
        case "GET", ["jobs"]:
            jobs = [job(lane, one, body) for one, body in lane.tasks.items()]
            return page(jobs, asked.query)
        case "GET", ["jobs", job_id, "events"]:
            event = {"id": "e1", "level": "info", "message": f"{job_id} began"}
            return {"object": "list", "data": [event | {"data": {"epoch": 1}}]}
        case "POST", ["jobs", job_id, "cancel"]:
            return job(lane, job_id, lane.tasks[job_id]) | {"status": "cancelled"}
        case "GET" | "DELETE", ["jobs", job_id]:
            return job(lane, job_id, lane.tasks[job_id])
    return {"request_id": "r", "model_name": steps[-1], "delete_status": "deleting"}


def plain(lane: Lane, asked: Asked, steps: list[str]) -> Json:  # noqa: C901 - routes
    """Answer the calls that need no state."""
    head = {"id": lane.number(), "created": 1791565720, "request_id": "r"}
    body = asked.body
    match steps:
        case ["models"]:
            ids = ["glm-4.5", "glm-4.6"]
            return {"object": "list", "data": [{"id": one} for one in ids]}
        case ["images", "generations"]:
            picture = [{"url": body["origin"] + "/drawn.png"}]
            return {"created": 1791565720, "data": picture, "content_filter": []}
        case ["embeddings"]:
            return embedding_of(body)
        case ["rerank"]:
            order = sorted(enumerate(body["documents"]), key=lambda pair: -len(pair[1]))
            results = [
                {"index": place, "relevance_score": len(text) / 100, "document": text}
                for place, text in order[: body.get("top_n") or None]
            ]
            usage = {"prompt_tokens": 20, "total_tokens": 20}
            return head | {"results": results, "usage": usage}
        case ["tokenizer"]:
            usage = {"prompt_tokens": 6, "image_tokens": 0, "total_tokens": 6}
            return head | {"usage": usage}
        case ["web_search"]:
            intent = {"query": body["search_query"], "intent": "SEARCH_ALL"}
            found = {"title": "Sky", "link": "", "content": "Blue", "refer": "ref_1"}
            return head | {"search_intent": [intent], "search_result": [found]}
        case ["reader"]:
            result = {"content": "# Sky", "title": "Sky", "url": body["url"]}
            return head | {"reader_result": result | {"external": None}}
        case ["moderations"]:
            verdict = {"content_type": "text", "risk_level": "PASS", "risk_type": []}
            usage = {"moderation_text": {"call_count": 1}}
            return head | {"result_list": [verdict], "usage": usage}
        case ["audio", "transcriptions"]:
            return head | {"model": body["model"], "text": "Hello there"}
        case ["voice", "clone"]:
            voice = {"voice": "voice-1", "file_id": "f2"}
            return voice | {"file_purpose": "voice-clone-output", "request_id": "r"}
        case ["voice", "list"]:
            return {"voice_list": [{"voice": "voice-1", "voice_name": "Me"}]}
        case ["voice", "delete"]:
            return {"voice": body["voice"], "update_time": "2026-11-21"}
        case ["layout_parsing"]:
            region = {"index": 0, "label": "text", "bbox_2d": [0, 0, 9, 9.5]}
            usage = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
            texts = scanned(str(body["file"])) or ["Paper"]
            return head | {
                "md_results": "# " + " ".join(texts),
                "layout_details": [[region | {"content": text}] for text in texts],
                "data_info": {"num_pages": len(texts), "pages": []},
                "usage": usage,
            }
        case ["files", "ocr"]:
            word = {"location": {"left": 1, "top": 2}, "words": "Dear"}
            return {
                "task_id": "t",
                "message": "成功",
                "status": "succeeded",
                "words_result_num": 1,
                "words_result": [word],
            }
    raise Refusal(404, "1222", "no such API")


def parser(lane: Lane, asked: Asked, steps: list[str]) -> Json:
    match steps:
        case ["create"]:
            task_id = lane.number()
            lane.tasks[task_id] = asked.body
            return {"task_id": task_id, "message": "任务创建成功", "success": True}
        case ["result", task_id, _]:
            lane.looks[task_id] = lane.looks.get(task_id, 0) + 1
            if lane.looks[task_id] < LOOKS:
                return {"status": "processing", "task_id": task_id, "content": None}
            return {"status": "succeeded", "task_id": task_id, "content": "Text."}
    return {"status": "succeeded", "task_id": "t", "content": "Text.", "message": "ok"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_DELETE = do_GET

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        words, _, rest = parts.path.lstrip("/").partition("/")
        options = dict([words.partition("=")[::2]])
        if rest.startswith("status="):
            options["status"], _, rest = rest.removeprefix("status=").partition("/")
        with LOCK:
            lane = LANES.setdefault(words, Lane(words))
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        if rest == "state":
            seen = [vars(asked) for asked in lane.asked]
            self._json(200, {"asked": seen, "files": list(lane.named)})
            return
        steps = [unquote(step) for step in rest.split("/")]
        body, files, data = self._body(raw)
        asked = Asked(
            self.command,
            "/" + rest,
            dict(parse_qsl(parts.query)),
            {name.lower(): value for name, value in self.headers.items()},
            body,
            files,
        )
        lane.asked.append(asked)
        origin = f"http://{self.headers['host']}/{words}/cdn"
        try:
            if "status" in options:
                status, code, *fails = options["status"].split(":")
                if not fails or len(lane.asked) <= int(fails[0]):
                    raise Refusal(int(status), code)
            self._route(lane, asked, steps, data, origin)
        except Refusal as refusal:
            if not refusal.status:
                self.close_connection = True
                return
            error = {"error": {"code": refusal.code, "message": str(refusal)}}
            self._json(refusal.status, error)

    def _body(
        self, raw: bytes
    ) -> tuple[Json, dict[str, tuple[str, int]], dict[str, bytes]]:
        kind = self.headers.get("content-type", "")
        if not kind.startswith("multipart/form-data"):
            return (json.loads(raw) if raw else {}), {}, {}
        boundary = kind.partition("boundary=")[2].encode()
        body: Json = {}
        files, data = {}, {}
        for part in raw.split(b"--" + boundary)[1:-1]:
            head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
            content = content.removesuffix(b"\r\n")
            words = dict(re.findall(r'(\w+)="([^"]*)"', head.decode()))
            name = words["name"]
            if "filename" in words:
                key = name if name not in files else f"{name}{len(files)}"
                files[key] = (words["filename"], len(content))
                data[key] = content
            elif name.endswith("[]"):
                body.setdefault(name[:-2], []).append(content.decode())
            else:
                body[name] = content.decode()
        return body, files, data

    def _route(
        self,
        lane: Lane,
        asked: Asked,
        steps: list[str],
        data: dict[str, bytes],
        origin: str,
    ) -> None:
        match steps:
            case ["cdn", name]:
                found = {"drawn.png": PNG, "filmed.mp4": MP4, "huge.png": b"x" * 2**22}
                self._bytes(found[name], "application/octet-stream")
            case ["api", "v1", "agents", *rest]:
                self._agent(lane, asked, rest)
            case ["api", "llm-application", "open", *rest]:
                self._json(200, knowledge(lane, asked, rest))
            case ["api", "paas", "v4", *rest]:
                with lane.lock:
                    self._paas(lane, asked, rest, data, origin)
            case _:
                raise Refusal(404, "1222", "no such path")

    def _paas(  # noqa: C901 - routes
        self,
        lane: Lane,
        asked: Asked,
        steps: list[str],
        data: dict[str, bytes],
        origin: str,
    ) -> None:
        match asked.method, steps:
            case "POST", ["async", "chat", "completions"]:
                self._json(200, submit(lane, asked, "chat"))
            case "POST", ["async", "images", "generations"]:
                self._json(200, submit(lane, asked, "image"))
            case "POST", ["videos", "generations"]:
                self._json(200, submit(lane, asked, "video"))
            case "GET", ["async-result", task_id]:
                self._json(200, look(lane, task_id, origin))
            case "POST", ["files"]:
                self._json(200, upload(lane, asked, data))
            case "GET", ["files"]:
                named = [
                    file
                    for file in lane.named.values()
                    if file["purpose"] == asked.query["purpose"]
                ]
                self._json(200, page(named, asked.query))
            case "DELETE", ["files", file_id]:
                gone = lane.named.pop(file_id, None) is not None
                answer = {"id": file_id, "object": "file", "deleted": gone}
                self._json(200, answer)
            case "GET", ["files", file_id, "content"]:
                self._content(lane, file_id)
            case _, ["files", "parser", *rest]:
                self._json(200, parser(lane, asked, rest))
            case "POST", ["batches"]:
                self._json(200, make_batch(lane, asked))
            case "GET", ["batches"]:
                self._json(200, page([*lane.batches.values()], asked.query))
            case "GET", ["batches", batch_id]:
                self._json(200, run_batch(lane, batch_id))
            case "POST", ["batches", batch_id, "cancel"]:
                lane.batches[batch_id]["status"] = "cancelling"
                self._json(200, lane.batches[batch_id])
            case "POST", ["v1", "agents", *rest]:
                self._agent(lane, asked, rest)
            case "POST", ["assistant"]:
                self._stream(assistant_events(asked.body))
            case "POST", ["assistant", *rest]:
                self._json(200, assistant_list(rest))
            case "POST", ["audio", "speech"]:
                self._bytes(WAV, "audio/wav")
            case "POST", ["audio", "transcriptions"] if asked.body["stream"] == "true":
                self._stream(transcript_events(asked.body["model"]))
            case _, ["fine_tuning", *rest]:
                self._json(200, tuning(lane, asked, rest))
            case _:
                asked.body.setdefault("origin", origin)
                answer = plain(lane, asked, steps)
                del asked.body["origin"]
                self._json(200, answer)

    def _content(self, lane: Lane, file_id: str) -> None:
        if file_id not in lane.files:
            raise Refusal(404, "1214", "no such file")
        content = lane.files[file_id]
        if lane.named.get(file_id, {}).get("purpose") == "file-extract":
            text = {"content": content.decode(), "file_type": "txt", "filename": "a"}
            self._json(200, text)
        else:
            self._bytes(content, "application/octet-stream")

    def _agent(self, lane: Lane, asked: Asked, steps: list[str]) -> None:
        if asked.body.get("stream"):
            self._stream(agent_events(asked.body["agent_id"]))
        else:
            self._json(200, agent(lane, asked, steps))

    def _json(self, status: int, answer: Json) -> None:
        self._bytes(json.dumps(answer).encode(), "application/json", status)

    def _bytes(self, data: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, events: list[Json]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for event in events:
            self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True


def transcript_events(model: str) -> list[Json]:
    head = {"id": "t1", "created": 1791565720, "model": model}
    deltas = [
        head | {"type": "transcript.text.delta", "delta": word}
        for word in ("Hello", " there")
    ]
    return [*deltas, head | {"type": "transcript.text.done", "delta": ""}]


def agent_events(agent_id: str) -> list[Json]:
    head = {"id": "g1", "agent_id": agent_id}
    message = {"role": "assistant", "content": {"type": "text", "text": "Good"}}
    usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
    return [
        head | {"choices": [{"index": 0, "messages": [message]}]},
        head | {"choices": [{"index": 0, "finish_reason": "stop", "messages": []}]},
        head | {"choices": [], "usage": usage},
    ]


def assistant_events(asked: Json) -> list[Json]:
    head = {
        "id": "s1",
        "created": 1791565720000,
        "model": asked["model"],
        "assistant_id": asked["assistant_id"],
        "conversation_id": "c1",
        "status": "in_process",
        "last_error": None,
    }
    said = {"role": "assistant", "type": "content", "content": "A fox"}
    usage = {"prompt_tokens": 90, "completion_tokens": 10, "total_tokens": 100}
    if asked["assistant_id"] == "fails":
        error = {"code": "1301", "message": "unsafe"}
        failed = {"status": "failed", "last_error": error, "choices": []}
        return [
            head | {"choices": [{"index": 0, "delta": said}]},
            head | failed,
        ]
    ended = [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    return [
        head | {"choices": [{"index": 0, "delta": said}]},
        head | {"choices": ended, "status": "completed", "usage": usage},
    ]


def main(ready: Callable[[str], object]) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ready(json.dumps({"url": f"http://127.0.0.1:{server.server_port}"}))
    sys.stdin.buffer.read()
    server.shutdown()


if __name__ == "__main__":
    main(lambda line: print(line, flush=True))
