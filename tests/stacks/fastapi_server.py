"""The endpoint with FastAPI and pydantic, whose own parsers read bodies."""

import sys
from datetime import datetime
from typing import Annotated, Any

import campaigns
import uvicorn
from fastapi import Body, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator
from starlette.exceptions import HTTPException

app = FastAPI()


def _instant(value: Any) -> Any:
    if value is not None and not isinstance(value, str):
        raise ValueError("expected a string")
    return value if value is None else campaigns.instant(value)


class Pause(BaseModel):
    paused_until: Annotated[datetime | None, BeforeValidator(_instant)] = None


@app.exception_handler(campaigns.RejectedError)
async def rejected(_: Request, error: campaigns.RejectedError) -> JSONResponse:
    return JSONResponse(error.body, error.status, headers=error.headers)


@app.exception_handler(RequestValidationError)
async def invalid(_: Request, __: RequestValidationError) -> JSONResponse:
    return JSONResponse(campaigns.RejectedError(422, "unprocessable_entity").body, 422)


@app.exception_handler(HTTPException)
async def failed(_: Request, error: HTTPException) -> JSONResponse:
    body = campaigns.RejectedError(error.status_code, "bad_request").body
    return JSONResponse(body, error.status_code, headers=error.headers)


Token = Annotated[str | None, Header(alias="authorization")]


@app.get("/api/v1/ad_campaigns/{name}")
def retrieve(name: str, authorization: Token = None) -> dict[str, Any]:
    campaigns.allow(authorization, write=False)
    return campaigns.document(name)


@app.post("/api/v1/ad_campaigns/{name}/pause")
def pause(
    name: str, authorization: Token = None, body: Annotated[Pause | None, Body()] = None
) -> dict[str, Any]:
    campaigns.allow(authorization, write=True)
    return campaigns.pause(name, body.paused_until if body else None)


@app.post("/api/v1/ad_campaigns/{name}/unpause")
def unpause(name: str, authorization: Token = None) -> dict[str, Any]:
    campaigns.allow(authorization, write=True)
    return campaigns.unpause(name)


@app.get("/test_clock")
def clock() -> dict[str, str]:
    return campaigns.CLOCK.shown()


@app.put("/test_clock")
def move(body: dict[str, str]) -> dict[str, str]:
    return campaigns.CLOCK.move(body["now"])


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
