"""Tell whether Theano and Lasagne work and are fast here."""

EXAMPLE = "lasagne-flipconv doctor"


def add_arguments(parser):
    """Add nothing: it takes no arguments."""


def run(args):
    """Print what was found on this machine; return 1 if it cannot work."""
    from ..doctor import BROKEN, examine
    findings = examine()
    for finding in findings:
        print("%-6s  %-13s  %s" % (finding.state, finding.name,
                                   finding.detail))
        if finding.mend:
            print("%-23smend it with: %s" % ("", finding.mend))
    return int(any(finding.state == BROKEN for finding in findings))
