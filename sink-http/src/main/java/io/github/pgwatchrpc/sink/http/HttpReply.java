package io.github.pgwatchrpc.sink.http;

import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** An answer with its body. Immutable. */
public final class HttpReply {

    private final URI endpoint;
    private final int status;
    private final HttpHeaders headers;
    private final byte[] body;
    private final boolean cut;

    HttpReply(URI endpoint, int status, HttpHeaders headers, byte[] body, boolean cut) {
        this.endpoint = endpoint;
        this.status = status;
        this.headers = headers;
        this.body = body;
        this.cut = cut;
    }

    /**
     * Who answered.
     *
     * @return the endpoint
     */
    public URI endpoint() {
        return endpoint;
    }

    /**
     * The status.
     *
     * @return for instance 200
     */
    public int status() {
        return status;
    }

    /**
     * A header.
     *
     * @param name its name, in any case
     * @return its first value
     */
    public Optional<String> header(String name) {
        return headers.firstValue(name);
    }

    /**
     * The body.
     *
     * @return a copy; at most as many bytes as the transport takes
     */
    public byte[] body() {
        return body.clone();
    }

    /**
     * The body as text.
     *
     * @return the body, read as UTF-8
     */
    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    /**
     * Whether there was more of the body than the transport takes.
     *
     * @return true if the end is missing
     */
    public boolean isCut() {
        return cut;
    }

    @Override
    public String toString() {
        return status + " from " + endpoint;
    }
}
