package io.github.pgwatchrpc.sink.testkit;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/** A database that forgets at the end of a test. All access under its own lock. */
final class MemoryBackend {

    final Set<Fault> broken = EnumSet.noneOf(Fault.class);
    final Map<String, Arrived> rows = new LinkedHashMap<>();
    final AtomicLong serial = new AtomicLong();

    synchronized boolean is(Fault fault) {
        return broken.contains(fault);
    }

    synchronized void set(Fault fault, boolean on) {
        if (on) {
            broken.add(fault);
        } else {
            broken.remove(fault);
        }
        notifyAll();
    }

    synchronized void put(String id, Arrived row) {
        rows.put(id, row);
    }

    synchronized void clear() {
        rows.clear();
    }

    synchronized List<Arrived> all() {
        return new ArrayList<>(rows.values());
    }
}
