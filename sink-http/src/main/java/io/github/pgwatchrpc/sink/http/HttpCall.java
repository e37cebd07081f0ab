package io.github.pgwatchrpc.sink.http;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A request, which may be sent several times, to one endpoint after the other. Immutable if its body is. */
public final class HttpCall {

    private final String method;
    private final String path;
    private final Map<String, String> headers;
    private final @Nullable Iterable<byte[]> body;
    private final boolean whole;

    private HttpCall(
            String method, String path, Map<String, String> headers, @Nullable Iterable<byte[]> body, boolean whole) {
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException("path: \"" + path + "\" (expected: begins with a slash)");
        }
        this.method = method;
        this.path = path;
        this.headers = headers;
        this.body = body;
        this.whole = whole;
    }

    /**
     * A request without a body.
     *
     * @param path path and query, which follow the endpoint's own path
     * @return a GET
     */
    public static HttpCall get(String path) {
        return new HttpCall("GET", path, Map.of(), null, true);
    }

    /**
     * A request with a body that is in memory; its length is told in advance.
     *
     * @param path path and query, which follow the endpoint's own path
     * @param contentType what the body is
     * @param body the bytes, not to be changed afterwards
     * @return a POST
     */
    public static HttpCall post(String path, String contentType, byte[] body) {
        return new HttpCall("POST", path, Map.of("Content-Type", contentType), List.of(body), true);
    }

    /**
     * A request with a body that is made while it is sent, in chunks (RFC 9112, 7.1). A service that refuses it for its
     * length breaks the connection while it is sent, and why is then lost; so this is for services that take any length.
     *
     * @param path path and query, which follow the endpoint's own path
     * @param contentType what the body is
     * @param body gone through anew each time that the request is sent, by another thread than the caller's
     * @return a POST
     */
    public static HttpCall stream(String path, String contentType, Iterable<byte[]> body) {
        return new HttpCall("POST", path, Map.of("Content-Type", contentType), body, false);
    }

    /**
     * The same with another method.
     *
     * @param other for instance {@code PUT}
     * @return a request
     */
    public HttpCall method(String other) {
        return new HttpCall(other, path, headers, body, whole);
    }

    /**
     * The same with a header more.
     *
     * @param name its name
     * @param value its value
     * @return a request
     */
    public HttpCall with(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new HttpCall(method, path, more, body, whole);
    }

    String method() {
        return method;
    }

    String path() {
        return path;
    }

    Map<String, String> headers() {
        return headers;
    }

    @Nullable
    Iterable<byte[]> body() {
        return body;
    }

    /** Whether the body is a single array. */
    boolean isWhole() {
        return whole;
    }

    /** Without the query, which may hold a secret. */
    @Override
    public String toString() {
        int question = path.indexOf('?');
        return method + ' ' + (question < 0 ? path : path.substring(0, question));
    }
}
