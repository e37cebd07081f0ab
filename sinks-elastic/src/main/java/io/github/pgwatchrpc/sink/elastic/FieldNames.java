package io.github.pgwatchrpc.sink.elastic;

import io.github.pgwatchrpc.measurement.JsonWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * What becomes of columns' names. Elasticsearch takes a dot for an object within an object, and refuses names without a
 * letter; so dots, percent signs and what blank names are made of are written as {@code %XX}, and no name at all as {@code
 * %}. No two names become one, and {@link #original} leads back. Not thread-safe.
 */
final class FieldNames {

    /** So many names are remembered; a sender that makes them up costs time, not memory. */
    static final int MAX_REMEMBERED = 10_000;

    static final String TIME = "epoch_ns";
    static final String TAG_PREFIX = "tag_";

    private static final String EMPTY = "%";

    /** What a column is for. */
    enum Role {
        TIME,
        TAG,
        FIELD
    }

    /**
     * A column.
     *
     * @param role what it is for
     * @param plain its name without the prefix that says so
     * @param key the name as it stands in a document: in quotes, with a colon
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Field(Role role, String plain, byte[] key) {}

    private final Map<String, Field> known = new HashMap<>();

    Field of(String column) {
        Field field = known.get(column);
        return field != null ? field : remember(column);
    }

    private Field remember(String column) {
        if (known.size() >= MAX_REMEMBERED) {
            known.clear();
        }
        boolean tag = column.startsWith(TAG_PREFIX) && column.length() > TAG_PREFIX.length();
        Role role = tag ? Role.TAG : column.equals(TIME) ? Role.TIME : Role.FIELD;
        String plain = tag ? column.substring(TAG_PREFIX.length()) : column;
        JsonWriter json = new JsonWriter().name(escaped(plain));
        Field field = new Field(role, plain, Arrays.copyOf(json.buffer(), json.length()));
        known.put(column, field);
        return field;
    }

    /** The name that a column or tag has in Elasticsearch. */
    static String escaped(String name) {
        boolean blank = name.isBlank();
        if (!blank && name.indexOf('.') < 0 && name.indexOf('%') < 0) {
            return name;
        } else if (name.isEmpty()) {
            return EMPTY;
        }
        StringBuilder escaped = new StringBuilder();
        for (int at = 0; at < name.length(); ) {
            int character = name.codePointAt(at);
            at += Character.charCount(character);
            if (blank || character == '.' || character == '%') {
                for (byte each : Character.toString(character).getBytes(StandardCharsets.UTF_8)) {
                    escaped.append(String.format("%%%02X", each));
                }
            } else {
                escaped.appendCodePoint(character);
            }
        }
        return escaped.toString();
    }

    /** The name that a field of a document had as a column or tag. */
    static String original(String field) {
        if (field.equals(EMPTY)) {
            return "";
        }
        byte[] bytes = field.getBytes(StandardCharsets.UTF_8);
        int length = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '%') {
                bytes[length++] = (byte) (Character.digit(bytes[i + 1], 16) << 4 | Character.digit(bytes[i + 2], 16));
                i += 2;
            } else {
                bytes[length++] = bytes[i];
            }
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
