package io.github.pgwatchrpc.rpc.tls;

import io.netty.util.NetUtil;
import java.net.IDN;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The one spelling that host names and addresses have in this package, so that those of the machine and those of a
 * certificate can be compared as text. Never asks a name service.
 */
final class HostNames {
    /** RFC 1035, section 2.3.4, as text without the final dot. */
    static final int MAX_LENGTH = 253;

    // RFC 1123 labels, and the underscore: not a host name by the book, but real machines and containers have it
    private static final Pattern DNS = Pattern.compile(
            "(\\*\\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*");

    // what is made of numbers and dots was meant as an address
    private static final Pattern NUMBERS = Pattern.compile("[0-9]*(\\.[0-9]*)+");

    private HostNames() {}

    /**
     * Brings a host name, a wildcard ({@code *.example.org}) or an address (an IPv6 one with or without brackets) to
     * its one spelling.
     *
     * @throws IllegalArgumentException when it is none of them
     */
    static String canonical(String text) {
        InetAddress address = address(text);
        if (address != null) {
            return address.getHostAddress();
        }
        String name = ascii(text.endsWith(".") ? text.substring(0, text.length() - 1) : text);
        if (name.length() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "length of host name: " + name.length() + " (expected: <= " + MAX_LENGTH + ")");
        }
        if (!DNS.matcher(name).matches() || NUMBERS.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "host name: '" + text
                            + "' (expected: a name such as metrics.example.org or *.example.org, or an IP address, without a port)");
        }
        return name;
    }

    /** The address that this text spells, or null when it spells none. */
    static @Nullable InetAddress address(String text) {
        String bare = text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
        // an IPv6 zone means something on this machine only, so there is no place for it in a certificate
        byte[] bytes = bare.indexOf('%') < 0 ? NetUtil.createByteArrayFromIpAddressString(bare) : null;
        if (bytes == null) {
            return null;
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError("an address of " + bytes.length + " bytes", e);
        }
    }

    private static String ascii(String name) {
        // nearly all names, and the tables for the others are large
        if (name.chars().allMatch(c -> c < 0x80)) {
            return name.toLowerCase(Locale.ROOT);
        }
        try {
            return IDN.toASCII(name).toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("host name: '" + name + "' (expected: a name that DNS can hold)", e);
        }
    }
}
