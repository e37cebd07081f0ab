package io.github.pgwatchrpc.sink.mongo;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;

/**
 * Maps names that MongoDB does not take, or takes and then makes hard to ask for, to such that it does: {@code $}, the dot,
 * NUL and the per cent sign become {@code %24}, {@code %2E}, {@code %00} and {@code %25}, and a name without any character
 * {@code %}. Two names never become the same, and each can be read back.
 *
 * <p>Source: "Restrictions on Field Names" and "Naming Restrictions" of
 * <a href="https://www.mongodb.com/docs/manual/reference/limits/">MongoDB's limits</a>.
 */
final class Names {

    /**
     * Most bytes of a collection's name. A namespace has 255 at most: the database's name with up to 63, a dot, and for a
     * time-series collection {@code system.buckets.} in front of its own.
     */
    static final int MAX_COLLECTION_BYTES = 255 - 63 - 1 - "system.buckets.".length();

    /** What a name ends with that was too long: this, and a part of the whole name's SHA-256. */
    private static final String CUT = "%~";

    private static final int HASH_BYTES = 8;

    private Names() {}

    /** The name of a field. */
    static String field(String name) {
        return escaped(name);
    }

    /** The same for a field at the top of a document, where some names are taken: their first letter is escaped. */
    static String field(String name, Set<String> taken) {
        return taken.contains(name) ? hex(name.charAt(0)) + escaped(name.substring(1)) : escaped(name);
    }

    /** A part of a collection's name. */
    static String collection(String name) {
        return escaped(name);
    }

    /** A collection's whole name, cut to what it may have; what tells it from others with the same beginning is kept. */
    static String bounded(String collection) {
        byte[] utf8 = collection.getBytes(StandardCharsets.UTF_8);
        if (utf8.length <= MAX_COLLECTION_BYTES) {
            return collection;
        }
        int end = MAX_COLLECTION_BYTES - CUT.length() - 2 * HASH_BYTES;
        // not in the middle of a character
        while ((utf8[end] & 0xc0) == 0x80) {
            end--;
        }
        return new String(utf8, 0, end, StandardCharsets.UTF_8)
                + CUT
                + HexFormat.of().formatHex(sha256(utf8), 0, HASH_BYTES);
    }

    private static String escaped(String name) {
        if (name.isEmpty()) {
            return "%";
        }
        StringBuilder escaped = null;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '$' || c == '.' || c == '%' || c == 0) {
                if (escaped == null) {
                    escaped = new StringBuilder(name.length() + 8).append(name, 0, i);
                }
                escaped.append(hex(c));
            } else if (escaped != null) {
                escaped.append(c);
            }
        }
        return escaped == null ? name : escaped.toString();
    }

    private static String hex(char ascii) {
        return "%" + HexFormat.of().withUpperCase().toHexDigits((byte) ascii);
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
