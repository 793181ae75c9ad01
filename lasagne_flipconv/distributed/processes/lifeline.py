"""Who is gone: a connection of every rank to rank 0, which breaks by itself.

The system closes the connections of a process that dies, however it dies. Who
ends in good order says so before. Rank 0 tells the others what it hears.
"""
import errno
import json
import os
import secrets
import selectors
import socket
import threading
import time

__all__ = ["Lifeline"]

#: Seconds for a rank to say itself what is wrong, after another has failed.
GRACE = 3.0

#: Seconds without an answer after which a machine counts as gone: begin to
#: ask, ask each, how often.
_KEEPALIVE = {"TCP_KEEPIDLE": 2, "TCP_KEEPINTVL": 1, "TCP_KEEPCNT": 4}

#: Errors of a connection whose other end has said nothing.
_OUT_OF_REACH = {errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH,
                 errno.ENETDOWN, errno.EHOSTDOWN}


class Lifeline:
    """What this rank hears of the others.

    Parameters
    ----------
    rank, size : int
        Which of how many this is.
    exchange : callable
        Returns on each rank what was passed on rank 0.
    address : str
        Where rank 0 can be reached; '127.0.0.1' if all are on one machine.
    end : callable
        Takes a text; called in a thread when another rank has died or
        failed. It has to end this process.
    """

    def __init__(self, rank, size, exchange, address, end):
        self._rank, self._size, self._end = rank, size, end
        self._gone, self._news = {}, threading.Condition()
        self._peers = {}
        if rank == 0:
            self._listen(exchange, address)
        else:
            self._connect(exchange, address)
        threading.Thread(target=self._watch, daemon=True).start()

    def _listen(self, exchange, address):
        local = address == "127.0.0.1"
        both = not local and socket.has_dualstack_ipv6()
        with socket.create_server(
                (address if local else "", 0), dualstack_ipv6=both,
                family=socket.AF_INET6 if both else socket.AF_INET) as server:
            server.settimeout(60)
            token = secrets.token_hex(16)
            exchange((server.getsockname()[1], token))
            while len(self._peers) < self._size - 1:
                self._greet(server.accept()[0], token)

    def _greet(self, peer, token):
        """Take a connection, if it knows the word."""
        peer.settimeout(10)
        try:
            word, rank = peer.makefile("rb").readline(100).split()
            if not secrets.compare_digest(word, token.encode()):
                raise ValueError("it does not know the word")
            self._peers[int(rank)] = _kept_alive(peer)
        except (OSError, ValueError):
            peer.close()

    def _connect(self, exchange, address):
        port, token = exchange(None)
        peer = socket.create_connection((address, port), 60)
        peer.sendall(("%s %d\n" % (token, self._rank)).encode())
        self._peers[0] = _kept_alive(peer)

    def _watch(self):
        """Hear what comes, until all connections are closed."""
        with selectors.DefaultSelector() as ears:
            for rank, peer in self._peers.items():
                ears.register(peer, selectors.EVENT_READ, [rank, b""])
            while ears.get_map():
                for key, _ in ears.select():
                    self._hear(key.fileobj, key.data, ears)

    def _hear(self, peer, data, ears):
        more, how = b"", "died"
        try:
            more = peer.recv(1 << 16)
        except OSError as error:
            if error.errno in _OUT_OF_REACH:
                how = "lost"
        *lines, data[1] = (data[1] + more).split(b"\n")
        for line in lines:
            self._note(*json.loads(line))
        if not more:
            ears.unregister(peer)
            if data[0] not in self._gone:
                self._note(data[0], how, "")

    def _note(self, rank, how, text):
        """Keep the news, pass them on, end where there is no going on."""
        with self._news:
            self._gone[rank] = how, text
            self._news.notify_all()
        if self._rank == 0:
            self._send(rank, how, text)
        if how == "left":
            return
        if how == "failed":
            time.sleep(GRACE)
        self._end(said(rank, how, text))

    def _send(self, rank, how, text):
        line = json.dumps([rank, how, text]).encode() + b"\n"
        for other, peer in self._peers.items():
            if other != rank:
                try:
                    peer.sendall(line)
                except OSError:
                    pass  # gone as well, which is heard of by itself

    def who_is_gone(self, wait=GRACE):
        """Say who is gone, if anybody is.

        Parameters
        ----------
        wait : float
            Seconds to wait for news.

        Returns
        -------
        str or None
            In words.
        """
        with self._news:
            self._news.wait_for(lambda: self._gone, wait)
            for rank, (how, text) in sorted(self._gone.items()):
                return said(rank, how, text)
        return None

    def let_go(self):
        """Close the connections here, in a child that was forked.

        While one is open anywhere, the others do not hear of the end of this
        rank.
        """
        for peer in self._peers.values():
            peer.close()

    def farewell(self, failure=None):
        """Tell the others that this rank ends.

        Parameters
        ----------
        failure : str, optional
            Why, if it is not the end of the script.
        """
        self._send(self._rank, "failed" if failure else "left", failure or "")


def said(rank, how, text):
    """Return in words what has become of a rank.

    Parameters
    ----------
    rank : int
        The rank.
    how : {'died', 'failed', 'left', 'lost'}
        What it did.
    text : str
        Its error.

    Returns
    -------
    str
        A part of a sentence.
    """
    if how == "failed":
        return "rank %d has stopped with an error (%s)" % (rank, text)
    return "rank %d %s" % (rank, {
        "died": "has died",
        "left": "has come to the end of the script already",
        "lost": "is out of reach: its machine, or the network, is off"}[how])


def _kept_alive(peer):
    """Return a connection that also breaks when the other machine is off."""
    peer.settimeout(None)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if hasattr(socket, name):
            peer.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return peer


def end_process(text, say):
    """End this process at once, whatever it is waiting for.

    Parameters
    ----------
    text : str
        Why.
    say : callable
        Takes the text.
    """
    try:
        say(text)
    finally:
        os._exit(1)
