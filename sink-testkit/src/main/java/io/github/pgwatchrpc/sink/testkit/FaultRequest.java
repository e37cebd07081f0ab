package io.github.pgwatchrpc.sink.testkit;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** A request as a {@link FaultServer} received it. Immutable. */
public final class FaultRequest {

    private final String method;
    private final String path;
    private final Map<String, String> headers;
    private final byte[] body;

    FaultRequest(String method, String path, Map<String, String> headers, byte[] body) {
        this.method = method;
        this.path = path;
        TreeMap<String, String> anyCase = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        anyCase.putAll(headers);
        this.headers = Collections.unmodifiableMap(anyCase);
        this.body = body;
    }

    /**
     * The method.
     *
     * @return in capitals
     */
    public String method() {
        return method;
    }

    /**
     * What was asked for.
     *
     * @return path and query
     */
    public String path() {
        return path;
    }

    /**
     * All headers.
     *
     * @return values by name, in any case; values of one name are joined by commas
     */
    public Map<String, String> headers() {
        return headers;
    }

    /**
     * One header.
     *
     * @param name its name, in any case
     * @return its value; null if it is missing
     */
    public @Nullable String header(String name) {
        return headers.get(name);
    }

    /**
     * The body as it came.
     *
     * @return a copy of the bytes, compressed if they came so
     */
    public byte[] body() {
        return body.clone();
    }

    /**
     * The body as text.
     *
     * @return the body, decompressed if its header says gzip, read as UTF-8
     * @throws UncheckedIOException if it is not the gzip that its header promises
     */
    public String text() {
        if (!"gzip".equalsIgnoreCase(header("Content-Encoding"))) {
            return new String(body, StandardCharsets.UTF_8);
        }
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(body))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The lines of the body.
     *
     * @return those that are not empty
     */
    public List<String> lines() {
        return text().lines().filter(line -> !line.isEmpty()).toList();
    }

    @Override
    public String toString() {
        return method + " " + path + " (" + body.length + " bytes)";
    }
}
