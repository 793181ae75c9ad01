"""Tell whether Theano and Lasagne work and are fast here."""
import json

from .colours import coloured

EXAMPLE = "lasagne-flipconv doctor"

COLOURS = {"ok": "green", "slow": "yellow", "broken": "red"}


def add_arguments(parser):
    """Add how to tell."""
    parser.add_argument("--json", action="store_true",
                        help="print JSON instead of text")


def run(args):
    """Print what was found on this machine; return 1 if it cannot work."""
    from ..doctor import BROKEN, examine
    if args.json:
        findings = examine()
        print(json.dumps([finding._asdict() for finding in findings],
                         indent=2))
    else:
        # some checks take seconds, so each is told as soon as it is made
        findings = examine(lambda finding: print(_told(finding), flush=True))
    return int(any(finding.state == BROKEN for finding in findings))


def _told(finding):
    """Return one finding as a line, or two if it can be mended."""
    state = coloured("%-6s" % finding.state, COLOURS[finding.state])
    line = "%s  %-13s  %s" % (state, finding.name, finding.detail)
    if finding.mend:
        line += "\n%-23smend it with: %s" % ("", finding.mend)
    return line
