"""Load runs in a process of their own, because Locust patches it. Prints what came of each, as JSON."""

import io
import json
import logging
import os
import sys

from locust import events
from locust.argument_parser import get_parser
from locust.env import Environment

from whop_contracts.load import CampaignUser


def load_run(flags, *, users=1, token="", **variables):
    """Run one process's users until they are finished; returns the exit code, the rows and the log."""
    os.environ.update({"WHOP_API_TOKEN": token, **variables})
    logging.getLogger().handlers = [logging.StreamHandler(log := io.StringIO())]
    options = get_parser(default_config_files=[]).parse_args(["--seed", "1", "--think-time", "0", *flags])
    environment = Environment(
        user_classes=[CampaignUser], events=events, host=options.host, parsed_options=options
    )
    runner = environment.create_local_runner()
    rows = {}
    try:
        events.init.fire(environment=environment, runner=runner, web_ui=None)
        runner.start(users, spawn_rate=100)
        runner.greenlet.join()
        events.quitting.fire(environment=environment, reverse=True)
        rows = {f"{one.method} {one.name}": one.num_requests for one in runner.stats.entries.values()}
    except SystemExit as ended:
        environment.process_exit_code = ended.code
    finally:
        runner.quit()
    return {"code": environment.process_exit_code, "rows": rows, "log": log.getvalue().splitlines()}


if __name__ == "__main__":
    scenarios = json.loads(sys.argv[1])
    json.dump({name: load_run(**scenario) for name, scenario in scenarios.items()}, sys.stdout)
