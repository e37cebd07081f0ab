package io.github.pgwatchrpc.rpc.auth;

import io.github.pgwatchrpc.rpc.Permit.Scope;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a key may be used for. As text: some of {@code write}, {@code sync} and {@code define}, separated by commas. Immutable.
 */
public final class Scopes {

    /** All there are. */
    public static final Scopes ALL = new Scopes(EnumSet.allOf(Scope.class));

    private final Set<Scope> scopes;

    private Scopes(Set<Scope> scopes) {
        this.scopes = scopes;
    }

    /**
     * Reads scopes.
     *
     * @param text their names, separated by commas
     * @return the scopes
     * @throws IllegalArgumentException if one is none
     */
    public static Scopes parse(String text) {
        Set<Scope> scopes = EnumSet.noneOf(Scope.class);
        for (String each : text.split(",", -1)) {
            scopes.add(scope(each, text));
        }
        return new Scopes(scopes);
    }

    private static Scope scope(String name, String text) {
        for (Scope each : Scope.values()) {
            if (word(each).equals(name)) {
                return each;
            }
        }
        throw new IllegalArgumentException("scope: " + text + " (expected: some of " + ALL + ", with commas between)");
    }

    static String word(Scope scope) {
        return scope.name().toLowerCase(Locale.ROOT);
    }

    /**
     * Whether something is among them.
     *
     * @param scope what a call wants
     * @return true if it is
     */
    public boolean cover(Scope scope) {
        return scopes.contains(scope);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Scopes that && scopes.equals(that.scopes);
    }

    @Override
    public int hashCode() {
        return scopes.hashCode();
    }

    /** As {@link #parse} reads them. */
    @Override
    public String toString() {
        return scopes.stream().map(Scopes::word).collect(Collectors.joining(","));
    }
}
