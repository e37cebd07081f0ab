package io.github.pgwatchrpc.rpc.grpc;

import io.netty.handler.codec.http2.Http2Headers;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How a call begins: its method and its metadata. Valid only while it is shown, and only on that thread. */
public final class CallHeaders {

    private final String method;
    private final Http2Headers headers;

    CallHeaders(String method, Http2Headers headers) {
        this.method = method;
        this.headers = headers;
    }

    /**
     * The method that is called.
     *
     * @return its name, {@code Service.Method}
     */
    public String method() {
        return method;
    }

    /**
     * A piece of metadata.
     *
     * @param name its name in lower case
     * @return its first value, perhaps empty; null if it is not there
     */
    public @Nullable String get(String name) {
        CharSequence value = headers.get(name);
        return value == null ? null : value.toString();
    }

    /**
     * All pieces of metadata by a name.
     *
     * @param name their name in lower case
     * @return their values in the order in which they came
     */
    public List<String> all(String name) {
        List<CharSequence> values = headers.getAll(name);
        // one or none: every call is asked for three of them
        return switch (values.size()) {
            case 0 -> List.of();
            case 1 -> List.of(values.get(0).toString());
            default -> values.stream().map(CharSequence::toString).toList();
        };
    }

    /** Names the method only: metadata may hold passwords. */
    @Override
    public String toString() {
        return method;
    }
}
