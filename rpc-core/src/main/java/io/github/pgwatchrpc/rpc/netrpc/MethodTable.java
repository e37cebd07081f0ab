package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.MemoryAccount;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The methods of a server by their names. Immutable. */
final class MethodTable implements ServerSession.Methods {

    /** A method with all that is needed to call it. */
    static final class Entry<A, R> {
        final String name;
        final byte[] utf8;
        final Function<? super MemoryAccount, ? extends ArgumentDecoder<A>> decoders;
        final RpcMethod<A, R> method;

        Entry(
                String name,
                Function<? super MemoryAccount, ? extends ArgumentDecoder<A>> decoders,
                RpcMethod<A, R> method) {
            this.name = name;
            this.utf8 = name.getBytes(StandardCharsets.UTF_8);
            this.decoders = decoders;
            this.method = method;
        }
    }

    private final Map<String, Entry<?, ?>> byName;
    private final Set<String> services = new HashSet<>();

    MethodTable(Map<String, Entry<?, ?>> byName) {
        this.byName = new HashMap<>(byName);
        for (String name : byName.keySet()) {
            services.add(name.substring(0, name.lastIndexOf('.')));
        }
    }

    @Override
    public @Nullable Entry<?, ?> find(String name) {
        return byName.get(name);
    }

    /** Why there is no such method, in the words of Go's net/rpc (server.go, readRequestHeader). */
    @Override
    public String whyNot(String name) {
        int dot = name.lastIndexOf('.');
        if (dot < 0) {
            return "rpc: service/method request ill-formed: " + name;
        }
        return services.contains(name.substring(0, dot))
                ? "rpc: can't find method " + name
                : "rpc: can't find service " + name;
    }
}
