# ruff: noqa: E401, E501, I001, T201, RUF100 - short on purpose: what a reader of the vectors in any language has to do
# fmt: off
"""Sends every vector with the standard library: ``python send_vectors.py FOLDER URL CAMPAIGN TOKEN NOW``."""

import base64, calendar, http.client, json, pathlib, sys, urllib.parse
from datetime import datetime, timedelta

FOLDER, URL, CAMPAIGN, TOKEN, NOW = sys.argv[1:]
BASE = urllib.parse.urlsplit(URL)
NOW, REST, MIDDLE = datetime.fromisoformat(NOW), CAMPAIGN.partition("_")[2], len(TOKEN) // 2
IDS = {"own": CAMPAIGN, "own:half": f"adcamp_{REST[:len(REST) // 2]}", "own:longer": CAMPAIGN + "Ab3dEf6hIj9k",
       "own:recased": f"adcamp_{REST.swapcase()}", "foreign": "adcamp_foreign", "invented": "adcamp_Zz9yXw8vUt7s"}
FORMS = {"readonly": "readonly", "unknown": "x" * 24, "unknown:unsigned": "eyJhbGciOiJub25lIn0.e30.",
         "altered:added": f"{TOKEN}AbC4", "altered:before": f"AbC4{TOKEN}", "altered:cut": TOKEN[:-4],
         "altered:case": TOKEN.swapcase(), "altered:middle": f"{TOKEN[:MIDDLE]}_{TOKEN[MIDDLE + 1:]}",
         "altered:word": f"{TOKEN} AbC4", "altered:comma": f"{TOKEN},AbC4", "altered:quoted": f'"{TOKEN}"',
         "altered:start": f"AbC4{TOKEN[4:]}", "altered:symbols": f"{TOKEN[:MIDDLE]}-.~-{TOKEN[MIDDLE:]}", "full": TOKEN}
TOKENS = {"none": None, "empty": "Bearer", **{name: f"Bearer {form}" for name, form in FORMS.items()}}

def date(until):
    offset, time, digits = until["offset"], until.get("time"), until.get("fraction", "")
    zone = datetime.strptime(offset if offset[1:] else "Z", "%z").tzinfo
    if "from" in until:
        moment = (NOW + timedelta(milliseconds=until["plus_ms"])).astimezone(zone)
        day, time = f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S}"
        digits = until.get("fraction", f"{moment:%f}"[:3])
    elif not (day := until.get("fixed")):
        month, _, place = until.get("nth_sunday", until.get("month_day")).partition("/")
        days = []
        for year in range(NOW.year, NOW.year + 9):
            sundays = [week[6] for week in calendar.monthcalendar(year, int(month[:2])) if week[6]]
            days.append(f"{year}-{month}" + (f"-{sundays[int(place) - (int(place) > 0)]:02d}" if place else ""))
        leap = until.get("month_day") != "02-29"
        day = next(d for d in days if (leap or calendar.isleap(int(d[:4])))
                   and datetime.fromisoformat(f"{d}T{time[:5]}:00").replace(tzinfo=zone) > NOW + timedelta(hours=1))
    fraction = digits and f".{digits}"
    form = until.get("form", "{date}T{time}{fraction}{offset}")
    return form.format(date=day, time=time, fraction=fraction, offset=offset)

files = [json.loads(path.read_text("utf-8")) for path in sorted(pathlib.Path(FOLDER).iterdir())]
for vector in (vector for file in files for vector in file["vectors"]):
    kind, _, text = vector["target"].removeprefix("own:").partition(":")
    id_ = {"prefix": text + REST, "suffix": CAMPAIGN + text, "raw": text}.get(kind) or IDS[vector["target"]]
    token = TOKENS.get(vector["credential"], f"{vector['credential'].removeprefix('scheme:')} {TOKEN}".strip())
    body = base64.b64decode(vector["body_base64"]) if "body_base64" in vector else vector.get("body")
    body = body.replace("{until}", date(vector["until"])).encode() if "until" in vector else body
    headers = {"Authorization": token, "Content-Type": vector["media_type"], "X-Vector": vector["id"]}
    connection = http.client.HTTPConnection(BASE.netloc)
    body = body.encode() if isinstance(body, str) else body
    headers = {name: value for name, value in headers.items() if value}
    connection.request(vector["method"], f"{BASE.path}/ad_campaigns/{id_}/pause", body, headers)
    print(vector["id"], connection.getresponse().status)
