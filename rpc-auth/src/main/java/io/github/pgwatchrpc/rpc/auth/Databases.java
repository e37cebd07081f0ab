package io.github.pgwatchrpc.rpc.auth;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Which databases (pgwatch: sources) a key may send measurements of. As text: names separated by commas, a {@code *} at the
 * end of one for all that begin so, {@code *} alone for all there are. What would be misread in a name is written as in a
 * URL ({@code %2C} for a comma, {@code %2A} for a star). Immutable.
 */
public final class Databases {

    /** All there are. */
    public static final Databases ALL = new Databases(List.of(new Name("", true)));

    private record Name(String text, boolean beginning) {
        boolean covers(String database) {
            return beginning ? database.startsWith(text) : database.equals(text);
        }

        @Override
        public String toString() {
            String escaped = URLEncoder.encode(text, StandardCharsets.UTF_8)
                    .replace("+", "%20")
                    .replace("*", "%2A");
            return beginning ? escaped + "*" : escaped;
        }
    }

    private final List<Name> names;

    private Databases(List<Name> names) {
        this.names = List.copyOf(names);
    }

    /**
     * Reads names.
     *
     * @param text the names, separated by commas
     * @return the databases
     * @throws IllegalArgumentException if a name is empty, has a star anywhere but at its end, or a percent sign without digits
     */
    public static Databases parse(String text) {
        List<Name> names = new ArrayList<>();
        for (String each : text.split(",", -1)) {
            boolean beginning = each.endsWith("*");
            String name = beginning ? each.substring(0, each.length() - 1) : each;
            if (each.isEmpty() || name.contains("*")) {
                throw new IllegalArgumentException("databases: " + text
                        + " (expected: names separated by commas, each perhaps with a * at its end)");
            }
            names.add(new Name(decode(name), beginning));
        }
        return new Databases(names);
    }

    private static String decode(String name) {
        try {
            return URLDecoder.decode(name.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "databases: " + name + " (expected: two hexadecimal digits behind each %; %25 stands for one)", e);
        }
    }

    /**
     * Whether a database is among them.
     *
     * @param database its name
     * @return true if it is
     */
    public boolean covers(String database) {
        for (Name each : names) {
            if (each.covers(database)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean equals(@org.jspecify.annotations.Nullable Object other) {
        return other instanceof Databases that && names.equals(that.names);
    }

    @Override
    public int hashCode() {
        return names.hashCode();
    }

    /** As {@link #parse} reads them. */
    @Override
    public String toString() {
        return names.stream().map(Name::toString).collect(Collectors.joining(","));
    }
}
