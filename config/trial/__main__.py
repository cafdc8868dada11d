"""python -m config.trial run | smoke | exec COMMAND…"""

import argparse
import sys

from config.trial.running import run
from config.trial.shell import run_command
from config.trial.smoke import smoke


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m config.trial")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("run", help="the site with its demo agents, until Ctrl-C")
    smoking = verbs.add_parser("smoke", help="real cases from nothing to their outcome")
    smoking.add_argument("--cases", type=int, default=60, help="credit applications")
    smoking.add_argument("--refunds", type=int, default=20)
    executing = verbs.add_parser("exec", help="a command in the environment of a test trial")
    executing.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.verb == "run":
        run()
    elif options.verb == "smoke":
        sys.exit(smoke(cases=options.cases, refunds=options.refunds))
    else:
        sys.exit(run_command(options.command))


if __name__ == "__main__":
    main()
