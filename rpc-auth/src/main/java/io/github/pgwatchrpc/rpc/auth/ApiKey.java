package io.github.pgwatchrpc.rpc.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * A key: 256 random bits as text that fits into a URL, {@value #LENGTH} characters long.
 *
 * <pre>
 * pgwrpc_ + 43 characters of base64url, the 256 bits + 6 characters of base64url, the checksum
 * </pre>
 *
 * <p>The prefix lets people and scanners of repositories recognise one. The checksum is the beginning of the SHA-256 of all
 * that is before it: it tells a typo from a guess, and protects nothing. Immutable.
 */
public final class ApiKey implements KeyReading {

    /** What every key begins with. */
    public static final String PREFIX = "pgwrpc_";

    /** How many characters a key has. */
    public static final int LENGTH = 56;

    private static final int BYTES = 32;
    private static final int CHECKSUM = 6;

    private final String text;

    private ApiKey(String text) {
        this.text = text;
    }

    /**
     * Makes a key.
     *
     * @param random where its bits come from
     * @return a new key
     */
    public static ApiKey generate(SecureRandom random) {
        byte[] bits = new byte[BYTES];
        random.nextBytes(bits);
        String body = PREFIX + encode(bits);
        return new ApiKey(body + checksum(body));
    }

    /**
     * Reads a key.
     *
     * @param text what should be one; nothing is stripped
     * @return the key, or what is wrong
     */
    public static KeyReading read(String text) {
        KeyFlaw flaw = flawOf(text);
        return flaw == null ? new ApiKey(text) : flaw;
    }

    /** Whether a text is as long as a key and begins as one: nothing that a person thinks up. */
    static boolean hasForm(String text) {
        return text.length() == LENGTH && text.startsWith(PREFIX);
    }

    private static @Nullable KeyFlaw flawOf(String text) {
        if (text.isEmpty()) {
            return KeyFlaw.EMPTY;
        } else if (!text.startsWith(PREFIX)) {
            return KeyFlaw.PREFIX;
        } else if (!text.chars().skip(PREFIX.length()).allMatch(ApiKey::isBase64Url)) {
            return KeyFlaw.CHARACTERS;
        } else if (text.length() < LENGTH) {
            return KeyFlaw.TRUNCATED;
        } else if (text.length() > LENGTH) {
            return KeyFlaw.TOO_LONG;
        }
        String body = text.substring(0, LENGTH - CHECKSUM);
        return checksum(body).equals(text.substring(LENGTH - CHECKSUM)) ? null : KeyFlaw.CHECKSUM;
    }

    private static boolean isBase64Url(int each) {
        return (each >= 'a' && each <= 'z')
                || (each >= 'A' && each <= 'Z')
                || (each >= '0' && each <= '9')
                || each == '-'
                || each == '_';
    }

    private static String checksum(String body) {
        return encode(sha256(body)).substring(0, CHECKSUM);
    }

    private static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * The key itself: for those who are to have it, never for a log.
     *
     * @return {@value #LENGTH} characters
     */
    public String text() {
        return text;
    }

    /**
     * What is kept of it to recognise it.
     *
     * @return its hash
     */
    public KeyHash hash() {
        return KeyHash.of(text);
    }

    /** Does not show the key. */
    @Override
    public String toString() {
        return PREFIX + "...";
    }
}
