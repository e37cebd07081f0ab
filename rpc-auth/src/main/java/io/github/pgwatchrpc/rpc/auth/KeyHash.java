package io.github.pgwatchrpc.rpc.auth;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The SHA-256 of a key's text. That is enough to recognise a key of 256 random bits and of no use to find it; a hash that is
 * slow on purpose would only help against guessing what people have thought up. Immutable.
 */
public final class KeyHash {

    private static final int BYTES = 32;

    private final byte[] sha256;

    private KeyHash(byte[] sha256) {
        this.sha256 = sha256;
    }

    /**
     * Hashes a text.
     *
     * @param key what was shown, whatever it is
     * @return its hash
     */
    public static KeyHash of(String key) {
        return new KeyHash(ApiKey.sha256(key));
    }

    /**
     * Reads a hash.
     *
     * @param hex 64 hexadecimal digits, as {@code sha256sum} prints them
     * @return the hash
     * @throws IllegalArgumentException if it is something else
     */
    public static KeyHash parse(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("bytes of a hash: " + bytes.length + " (expected: " + BYTES + ")");
        }
        return new KeyHash(bytes);
    }

    /** One that belongs to no text that anybody knows. */
    static KeyHash random(SecureRandom random) {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return new KeyHash(bytes);
    }

    /** Its first 64 bits. */
    long bits() {
        return ByteBuffer.wrap(sha256).getLong();
    }

    /**
     * Compares in a time that does not depend on where two hashes differ.
     *
     * @param other the other one
     * @return whether they are the same
     */
    public boolean matches(KeyHash other) {
        return MessageDigest.isEqual(sha256, other.sha256);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof KeyHash that && matches(that);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(sha256);
    }

    /** As hexadecimal digits, for the file of keys. */
    @Override
    public String toString() {
        return HexFormat.of().formatHex(sha256);
    }
}
