"""The endpoint with Flask, whose own parser reads bodies."""

import sys
from typing import Any

import campaigns
from flask import Flask, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import make_server

app = Flask(__name__)


@app.errorhandler(campaigns.RejectedError)
def rejected(error: campaigns.RejectedError) -> Any:
    return jsonify(error.body), error.status, error.headers


@app.errorhandler(HTTPException)
def failed(error: HTTPException) -> Any:
    headers = [(name, value) for name, value in error.get_headers() if name == "Allow"]
    return jsonify({"error": {"type": "bad_request", "message": error.name}}), error.code or 500, headers


@app.get("/api/v1/ad_campaigns/<name>")
def retrieve(name: str) -> Any:
    campaigns.allow(request.headers.get("authorization"), write=False)
    return jsonify(campaigns.document(name))


@app.post("/api/v1/ad_campaigns/<name>/pause")
def pause(name: str) -> Any:
    campaigns.allow(request.headers.get("authorization"), write=True)
    body = request.get_json() if request.content_length else {}
    if not isinstance(body, dict):
        raise campaigns.RejectedError(400, "bad_request")
    value = body.get("paused_until")
    try:
        until = None if value is None else campaigns.instant(value)
    except (TypeError, ValueError):
        raise campaigns.RejectedError(422, "unprocessable_entity") from None
    return jsonify(campaigns.pause(name, until))


@app.post("/api/v1/ad_campaigns/<name>/unpause")
def unpause(name: str) -> Any:
    campaigns.allow(request.headers.get("authorization"), write=True)
    return jsonify(campaigns.unpause(name))


@app.route("/test_clock", methods=["GET", "PUT"])
def clock() -> Any:
    clock = campaigns.CLOCK
    return jsonify(clock.move(request.get_json()["now"]) if request.method == "PUT" else clock.shown())


if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), app, threaded=True).serve_forever()
