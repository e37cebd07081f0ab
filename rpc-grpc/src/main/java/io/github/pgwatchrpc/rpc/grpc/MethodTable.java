package io.github.pgwatchrpc.rpc.grpc;

import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The methods of a server by their paths, {@code /Service/Method}. Immutable. */
final class MethodTable {

    /**
     * A method.
     *
     * @param name {@code Service.Method}
     * @param messageBytes longest message
     * @param handlers makes a handler for each call
     */
    record Entry(String name, int messageBytes, Function<Call, Handler> handlers) {}

    private final Map<String, Entry> byPath;
    private final Set<String> services;

    MethodTable(Map<String, Entry> byPath) {
        this.byPath = Map.copyOf(byPath);
        this.services = byPath.keySet().stream().map(MethodTable::service).collect(Collectors.toUnmodifiableSet());
    }

    @Nullable
    Entry find(String path) {
        return byPath.get(path);
    }

    Set<String> services() {
        return services;
    }

    /** Why a path leads nowhere, in the words of Go's server. */
    String whyNot(String path) {
        int slash = path.lastIndexOf('/');
        if (slash <= 0) {
            return "malformed method name: \"" + path + "\"";
        }
        String service = service(path);
        return services.contains(service)
                ? "unknown method " + path.substring(slash + 1) + " for service " + service
                : "unknown service " + service;
    }

    private static String service(String path) {
        return path.substring(1, Math.max(1, path.lastIndexOf('/')));
    }
}
