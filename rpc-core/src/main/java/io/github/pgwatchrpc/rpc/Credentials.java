package io.github.pgwatchrpc.rpc;

import java.util.List;
import java.util.Objects;

/**
 * What a call shows so that it is let in. Immutable.
 *
 * @param protocol what the call was made in, for logs
 * @param source by which way it came
 * @param user a user's name or the name of a key; empty if there was none
 * @param keys the keys that were shown, as they came: one is the rule, none or two cannot be right. A key longer than {@link
 *     #MAX_KEY_CHARS} is cut to one character more than that, which tells that it was too long
 */
public record Credentials(String protocol, Source source, String user, List<String> keys) {

    /** The longest key that anyone looks at, in characters; those that this project makes have 56. */
    public static final int MAX_KEY_CHARS = 1024;

    /** Ways by which keys come. */
    public enum Source {
        /** None: nothing was shown. */
        NOTHING,
        /** A field of the argument (net/rpc). */
        FIELD,
        /** A custom tag of the measurements' source (net/rpc). */
        TAG,
        /** Metadata {@code password} (gRPC). */
        PASSWORD,
        /** Metadata {@code authorization: Bearer} (gRPC). */
        BEARER
    }

    /**
     * Cuts what is too long.
     *
     * @param protocol what the call was made in, for logs
     * @param source by which way it came
     * @param user a user's name or the name of a key
     * @param keys the keys that were shown
     */
    public Credentials {
        Objects.requireNonNull(protocol, "protocol");
        Objects.requireNonNull(source, "source");
        user = cut(user);
        keys = keys.stream().map(Credentials::cut).toList();
    }

    private static String cut(String text) {
        return text.length() > MAX_KEY_CHARS ? text.substring(0, MAX_KEY_CHARS + 1) : text;
    }

    /**
     * Nothing was shown.
     *
     * @param protocol what the call was made in, for logs
     * @return credentials without a key
     */
    public static Credentials none(String protocol) {
        return new Credentials(protocol, Source.NOTHING, "", List.of());
    }

    /** Names the way only: the rest is secret. */
    @Override
    public String toString() {
        return "Credentials[" + source + "]";
    }
}
