package io.github.pgwatchrpc.log;

import org.jspecify.annotations.Nullable;

/**
 * Text that came from somebody else (a method's name, a type's, an HTTP request line, the answer of a target) as it may
 * stand in a log, in an error or on a terminal: one line, of bounded length, without a character that could begin a line of
 * its own, move the cursor, set a colour or turn the order of letters around. Thread-safe.
 */
public final class PeerText {

    /** How much of a text is kept, in characters. */
    public static final int MOST = 300;

    private PeerText() {}

    /**
     * The text with {@code ?} in place of whatever cannot be printed, cut to {@value #MOST} characters and {@code …}.
     *
     * @param text from anybody; null is printed as such
     * @return one line, the text itself if there is nothing to change
     */
    public static String printable(@Nullable String text) {
        return printable(text, MOST);
    }

    /**
     * The text with {@code ?} in place of whatever cannot be printed, cut to a length.
     *
     * @param text from anybody; null is printed as such
     * @param most how many characters are kept, 1 and up; a {@code …} more tells that it was cut
     * @return one line, the text itself if there is nothing to change
     * @throws IllegalArgumentException if the length is less than 1
     */
    public static String printable(@Nullable String text, int most) {
        if (most < 1) {
            throw new IllegalArgumentException("characters to keep: " + most + " (expected: >= 1)");
        }
        String all = String.valueOf(text);
        int plain = 0;
        while (plain < all.length() && plain < most && isPlain(all.charAt(plain))) {
            plain++;
        }
        if (plain == all.length()) {
            return all;
        }
        StringBuilder clean = new StringBuilder(Math.min(all.length(), most) + 1).append(all, 0, plain);
        int at = plain;
        while (at < all.length()) {
            int each = all.codePointAt(at);
            if (at + Character.charCount(each) > most) {
                return clean.append('…').toString();
            }
            clean.appendCodePoint(isPrintable(each) ? each : '?');
            at += Character.charCount(each);
        }
        return clean.toString();
    }

    /** Nearly all text there is. */
    private static boolean isPlain(char each) {
        return each >= ' ' && each <= '~';
    }

    /**
     * Whether a character may stand in a line.
     *
     * @param codePoint any code point of Unicode
     * @return false for controls, ends of lines and paragraphs, invisible marks such as those that change the direction of
     *     writing, halves of surrogate pairs, and what Unicode does not define
     */
    public static boolean isPrintable(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED -> false;
            default -> true;
        };
    }
}
