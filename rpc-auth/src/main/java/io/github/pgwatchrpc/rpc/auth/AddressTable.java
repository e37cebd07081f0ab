package io.github.pgwatchrpc.rpc.auth;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Something for each address, of which only so many are remembered: those used last. Who has a network of IPv6 has all its
 * addresses, so the first 64 bits stand for all. Not thread-safe.
 */
final class AddressTable<V> {

    private static final int IPV6_BYTES = 8;
    private static final ByteBuffer OTHERS = ByteBuffer.allocate(0);

    private final Map<ByteBuffer, V> byAddress;

    AddressTable(int most) {
        this.byAddress = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<ByteBuffer, V> eldest) {
                return size() > most;
            }
        };
    }

    @Nullable
    V find(SocketAddress peer) {
        return byAddress.get(key(peer));
    }

    V findOrAdd(SocketAddress peer, Supplier<V> fresh) {
        return byAddress.computeIfAbsent(key(peer), unused -> fresh.get());
    }

    Iterable<V> all() {
        return byAddress.values();
    }

    int size() {
        return byAddress.size();
    }

    private static ByteBuffer key(SocketAddress peer) {
        if (!(peer instanceof InetSocketAddress inet)) {
            return OTHERS;
        }
        InetAddress address = inet.getAddress();
        if (address == null) {
            return OTHERS;
        }
        byte[] bytes = address.getAddress();
        return address instanceof Inet6Address ? ByteBuffer.wrap(bytes, 0, IPV6_BYTES) : ByteBuffer.wrap(bytes);
    }
}
