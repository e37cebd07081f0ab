package io.github.pgwatchrpc.sink.http;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A header that proves who is calling. Its value is never shown, not even in errors. Immutable. */
public final class HttpAuth {

    private static final HttpAuth NONE = new HttpAuth("", "", List.of());

    private static final String SHOWN_INSTEAD = "(secret)";

    /** A shorter secret would blank out parts of innocent words. */
    private static final int MIN_REDACTED = 4;

    private final String header;
    private final String value;
    private final List<String> secrets;

    private HttpAuth(String header, String value, List<String> secrets) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < ' ' || c >= 0x7f) {
                throw new IllegalArgumentException("character " + i + " of the value of header " + header
                        + ": not printable ASCII (expected: printable ASCII)");
            }
        }
        this.header = header;
        this.value = value;
        this.secrets = secrets.stream()
                .filter(secret -> secret.length() >= MIN_REDACTED)
                .toList();
    }

    /**
     * No credentials.
     *
     * @return no header
     */
    public static HttpAuth none() {
        return NONE;
    }

    /**
     * User and password (RFC 7617), in UTF-8.
     *
     * @param user without a colon
     * @param password any text
     * @return header {@code Authorization: Basic ...}
     * @throws IllegalArgumentException if the user has a colon
     */
    public static HttpAuth basic(String user, String password) {
        if (user.indexOf(':') >= 0) {
            throw new IllegalArgumentException("user: has a colon (expected: none, since it ends there)");
        }
        String encoded = Base64.getEncoder().encodeToString((user + ':' + password).getBytes(StandardCharsets.UTF_8));
        return new HttpAuth("Authorization", "Basic " + encoded, List.of(encoded, password));
    }

    /**
     * A bearer token (RFC 6750).
     *
     * @param token the token
     * @return header {@code Authorization: Bearer ...}
     * @throws IllegalArgumentException if the token cannot stand in a header
     */
    public static HttpAuth bearer(String token) {
        return scheme("Bearer", token);
    }

    /**
     * A token with a vendor's own scheme, such as {@code ApiKey} or {@code Splunk}.
     *
     * @param scheme the word before the token
     * @param token the token
     * @return header {@code Authorization: SCHEME ...}
     * @throws IllegalArgumentException if the token cannot stand in a header
     */
    public static HttpAuth scheme(String scheme, String token) {
        return new HttpAuth("Authorization", scheme + ' ' + token, List.of(token));
    }

    /**
     * A key in a header of its own, such as {@code X-Api-Key}.
     *
     * @param header the header's name
     * @param key the key
     * @return that header
     * @throws IllegalArgumentException if the key cannot stand in a header
     */
    public static HttpAuth apiKey(String header, String key) {
        return new HttpAuth(header, key, List.of(key));
    }

    /** The header's name; null for none. */
    @Nullable
    String header() {
        return header.isEmpty() ? null : header;
    }

    String value() {
        return value;
    }

    /** A text, perhaps of the service, without what is secret: some services repeat the token that they refuse. */
    String redact(String text) {
        String redacted = text;
        for (String secret : secrets) {
            redacted = redacted.replace(secret, SHOWN_INSTEAD);
        }
        return redacted;
    }

    /** Names the header, never the value. */
    @Override
    public String toString() {
        return header.isEmpty() ? "HttpAuth[none]" : "HttpAuth[" + header + "]";
    }
}
