package io.github.pgwatchrpc.rpc.listen;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The connections from which no call has been let in, and which of them goes first when there are too many: of the address
 * with most of them (of IPv6 its /64, which is what one machine is given), first those that have shown nothing that could be
 * understood, then those whose calls were understood and refused, and of these always the oldest. So a flood from one place
 * makes room by itself, and neither shuts others out nor closes their connections. Thread-safe.
 */
final class Strangers {

    private final Map<Object, Group> groups = new HashMap<>();

    /** The groups by how many are in them; in each set, who has come to that number first stands first. */
    private final TreeMap<Integer, LinkedHashSet<Group>> bySize = new TreeMap<>();

    /** All strangers of one address. */
    private static final class Group {
        final Set<Connection> silent = new LinkedHashSet<>();
        final Set<Connection> understood = new LinkedHashSet<>();

        int size() {
            return silent.size() + understood.size();
        }
    }

    /** What is left of a group when room for bytes is looked for. */
    private static final class Heavy {
        final List<Connection> holding = new ArrayList<>();
        int next;
        long bytes;

        void add(Iterable<Connection> connections, Connection except) {
            for (Connection each : connections) {
                long held = each.memory().used();
                if (each != except && held > 0) {
                    holding.add(each);
                    bytes += held;
                }
            }
        }
    }

    synchronized void add(Connection connection) {
        Group group = groups.computeIfAbsent(key(connection.address()), key -> new Group());
        int before = group.size();
        group.silent.add(connection);
        resized(group, before);
    }

    /** One of its calls could be understood, though it was refused. */
    synchronized void understood(Connection connection) {
        Group group = groups.get(key(connection.address()));
        if (group != null && group.silent.remove(connection)) {
            group.understood.add(connection);
        }
    }

    /** It is no stranger any more, or gone; false if that was known. */
    synchronized boolean remove(Connection connection) {
        Object key = key(connection.address());
        Group group = groups.get(key);
        if (group == null) {
            return false;
        }
        int before = group.size();
        boolean removed = group.silent.remove(connection) || group.understood.remove(connection);
        if (removed) {
            resized(group, before);
            if (group.size() == 0) {
                groups.remove(key);
            }
        }
        return removed;
    }

    /**
     * Takes out the one that makes room for another.
     *
     * @param newcomer is counted, and is not the one
     * @return the one, or null if there is no other stranger
     */
    synchronized @Nullable Connection removeNext(Connection newcomer) {
        for (Set<Group> ofSize : bySize.descendingMap().values()) {
            for (Group group : ofSize) {
                Connection next = firstBut(newcomer, group.silent);
                if (next == null) {
                    next = firstBut(newcomer, group.understood);
                }
                if (next != null) {
                    remove(next);
                    return next;
                }
            }
        }
        return null;
    }

    private static @Nullable Connection firstBut(Connection except, Set<Connection> all) {
        Iterator<Connection> each = all.iterator();
        Connection first = each.hasNext() ? each.next() : null;
        return first == except ? each.hasNext() ? each.next() : null : first;
    }

    /**
     * Takes out those that make room for bytes: each time one of the address whose connections hold most.
     *
     * @param bytes how many, or as many as there are
     * @param except is not one of them
     * @return those to be closed
     */
    synchronized List<Connection> removeHolding(long bytes, Connection except) {
        PriorityQueue<Heavy> heaviest = new PriorityQueue<>(Comparator.comparingLong((Heavy each) -> -each.bytes));
        for (Group group : groups.values()) {
            Heavy heavy = new Heavy();
            heavy.add(group.silent, except);
            heavy.add(group.understood, except);
            if (heavy.bytes > 0) {
                heaviest.add(heavy);
            }
        }
        List<Connection> removed = new ArrayList<>();
        long left = bytes;
        while (left > 0) {
            Heavy heavy = heaviest.poll();
            if (heavy == null) {
                break;
            }
            Connection next = heavy.holding.get(heavy.next++);
            long held = next.memory().used();
            left -= held;
            heavy.bytes -= held;
            remove(next);
            removed.add(next);
            if (heavy.next < heavy.holding.size()) {
                heaviest.add(heavy);
            }
        }
        return removed;
    }

    private void resized(Group group, int before) {
        LinkedHashSet<Group> old = bySize.get(before);
        if (old != null && old.remove(group) && old.isEmpty()) {
            bySize.remove(before);
        }
        if (group.size() > 0) {
            bySize.computeIfAbsent(group.size(), size -> new LinkedHashSet<>()).add(group);
        }
    }

    private static Object key(SocketAddress address) {
        InetAddress inet = address instanceof InetSocketAddress socket ? socket.getAddress() : null;
        if (inet instanceof Inet6Address six) {
            return ByteBuffer.wrap(six.getAddress()).getLong();
        }
        return inet == null ? "elsewhere" : inet;
    }
}
