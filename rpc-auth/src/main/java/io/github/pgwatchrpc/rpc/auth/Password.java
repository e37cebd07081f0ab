package io.github.pgwatchrpc.rpc.auth;

import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Tells a password that is easily guessed, as far as that can be told without a list of words: what people think up is mostly
 * worse than it looks, what a machine made is not.
 */
public final class Password {

    /** The fewest characters. */
    public static final int MIN_CHARS = 16;

    /** By how often each character is there, in bits; sixteen random hexadecimal digits have some fifty. */
    private static final double MIN_BITS = 45;

    private Password() {}

    /**
     * What is wrong with a password.
     *
     * @param text the password
     * @return half a sentence that does not tell it, or nothing if it may do
     */
    public static Optional<String> weakness(String text) {
        if (text.length() < MIN_CHARS) {
            return Optional.of("it has fewer than " + MIN_CHARS + " characters");
        }
        return bits(text) < MIN_BITS ? Optional.of("it has too few different characters") : Optional.empty();
    }

    private static double bits(String text) {
        Map<Integer, Long> counts =
                text.codePoints().boxed().collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
        double all = text.codePoints().count();
        return counts.values().stream()
                .mapToDouble(count -> -count * Math.log(count / all) / Math.log(2))
                .sum();
    }
}
