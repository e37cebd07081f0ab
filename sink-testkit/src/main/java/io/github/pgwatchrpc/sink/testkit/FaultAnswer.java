package io.github.pgwatchrpc.sink.testkit;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a {@link FaultServer} does with a request. Immutable. */
public final class FaultAnswer {

    enum Kind {
        WHOLE,
        EARLY,
        HALF,
        TRICKLE,
        GARBAGE,
        HANG,
        RESET
    }

    private final Kind kind;
    private final int status;
    private final Map<String, String> headers;
    private final byte[] body;

    private FaultAnswer(Kind kind, int status, Map<String, String> headers, byte[] body) {
        this.kind = kind;
        this.status = status;
        this.headers = headers;
        this.body = body;
    }

    // ---- answers ----

    /**
     * An answer with a status and no body.
     *
     * @param status for instance 503
     * @return the answer
     */
    public static FaultAnswer status(int status) {
        return new FaultAnswer(Kind.WHOLE, status, Map.of(), new byte[0]);
    }

    /**
     * 200.
     *
     * @return the answer
     */
    public static FaultAnswer ok() {
        return status(200);
    }

    /**
     * 429, with the time in seconds.
     *
     * @param retryAfter when to come again, in whole seconds
     * @return the answer
     */
    public static FaultAnswer busy(Duration retryAfter) {
        return status(429).with("Retry-After", Long.toString(retryAfter.toSeconds()));
    }

    // ---- no answers ----

    /**
     * The connection is reset once the request has been read.
     *
     * @return the answer
     */
    public static FaultAnswer reset() {
        return new FaultAnswer(Kind.RESET, 0, Map.of(), new byte[0]);
    }

    /**
     * Nothing ever comes, and the connection stays open.
     *
     * @return the answer
     */
    public static FaultAnswer hang() {
        return new FaultAnswer(Kind.HANG, 0, Map.of(), new byte[0]);
    }

    /**
     * Bytes that are no HTTP.
     *
     * @return the answer
     */
    public static FaultAnswer garbage() {
        return new FaultAnswer(
                Kind.GARBAGE,
                0,
                Map.of(),
                "\u0000\u0001 220 mail.example.com ready\r\n".getBytes(StandardCharsets.UTF_8));
    }

    // ---- more of it ----

    /**
     * The same with a header more.
     *
     * @param name its name
     * @param value its value
     * @return the answer
     */
    public FaultAnswer with(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new FaultAnswer(kind, status, more, body);
    }

    /**
     * The same with a body.
     *
     * @param text the body
     * @return the answer
     */
    public FaultAnswer body(String text) {
        return new FaultAnswer(kind, status, headers, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The same with a body that is not text.
     *
     * @param bytes the body
     * @return the answer
     */
    public FaultAnswer body(byte[] bytes) {
        return new FaultAnswer(kind, status, headers, bytes.clone());
    }

    /**
     * The same, sent as soon as the request's headers are there; what comes of the body is thrown away, and the connection
     * ends. So do servers that refuse a body for its length.
     *
     * @return the answer
     */
    public FaultAnswer early() {
        return new FaultAnswer(Kind.EARLY, status, headers, body);
    }

    /**
     * The same, but the connection ends halfway through the body; a body is needed.
     *
     * @return the answer
     */
    public FaultAnswer half() {
        return new FaultAnswer(Kind.HALF, status, headers, body);
    }

    /**
     * The same, but of the body comes a byte now and then, without end, so that no single wait is long.
     *
     * @return the answer
     */
    public FaultAnswer trickle() {
        return new FaultAnswer(Kind.TRICKLE, status, headers, body);
    }

    Kind kind() {
        return kind;
    }

    byte[] payload() {
        return body.clone();
    }

    /** Status line and headers; the length is that of the whole body, whatever will be sent of it. */
    byte[] head() {
        StringBuilder head =
                new StringBuilder("HTTP/1.1 ").append(status).append(" ").append("Status\r\n");
        headers.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        if (kind == Kind.TRICKLE) {
            head.append("Connection: close\r\n");
        } else if (status != 204 && status != 304) {
            head.append("Content-Length: ").append(body.length).append("\r\n");
        }
        if (kind == Kind.EARLY) {
            head.append("Connection: close\r\n");
        }
        return head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    @Override
    public String toString() {
        return kind + (status == 0 ? "" : " " + status);
    }
}
