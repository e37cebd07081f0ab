package io.github.pgwatchrpc.sink.splunk;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.UUID;

/**
 * Channels for indexer acknowledgement. Each has one user at a time: numbers of acknowledgements begin anew when Splunk
 * restarts, and on a channel that two writes share the one's confirmation could then be taken for the other's. One that is
 * not given back is not used again. Thread-safe.
 */
final class Channels {

    private final Deque<String> free = new ArrayDeque<>();

    synchronized String take() {
        String channel = free.pollFirst();
        return channel == null ? UUID.randomUUID().toString() : channel;
    }

    /** Of this channel nothing is awaited any more. */
    synchronized void giveBack(String channel) {
        free.addFirst(channel);
    }
}
