"""Tell whether Theano and Lasagne work and are fast here."""
from ..colours import coloured
from ..output import tell, tell_json

EXAMPLE = "lasagne-flipconv doctor"

COLOURS = {"ok": "green", "slow": "yellow", "broken": "red"}


def add_arguments(parser):
    """Add how to tell."""
    parser.add_argument("--json", action="store_true",
                        help="print JSON instead of text")


def run(args):
    """Print what was found on this machine; return 1 if it cannot work."""
    from ...compat.doctor import BROKEN, examine
    if args.json:
        findings = examine()
        tell_json([finding._asdict() for finding in findings])
    else:
        # some checks take seconds, so each is told as soon as it is made
        findings = examine(_tell)
    return int(any(finding.state == BROKEN for finding in findings))


def _tell(finding):
    """Print one finding, and how it can be mended."""
    state = coloured("%-6s" % finding.state, COLOURS[finding.state])
    lines = ("  %-13s  %s" % (finding.name, finding.detail)).split("\n")
    if finding.mend:
        lines.append("%-23smend it with: %s" % ("", finding.mend))
    tell(*lines, begin=state)
