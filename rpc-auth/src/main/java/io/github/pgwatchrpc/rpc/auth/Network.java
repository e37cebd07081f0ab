package io.github.pgwatchrpc.rpc.auth;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A range of addresses in CIDR notation, such as {@code 10.1.0.0/16} or {@code fd00::/8}. Immutable. */
public final class Network {

    private static final Pattern LITERAL = Pattern.compile("[0-9.]+|[0-9a-f:.]*:[0-9a-f:.]*");

    private final byte[] address;
    private final int prefix;
    private final String text;

    private Network(byte[] address, int prefix, String text) {
        this.address = address;
        this.prefix = prefix;
        this.text = text;
    }

    /**
     * Reads a network.
     *
     * @param text an address, a slash, and how many of its bits count; an address alone stands for itself
     * @return the network
     * @throws IllegalArgumentException if it is none, or if bits are set that do not count
     */
    public static Network parse(String text) {
        int slash = text.indexOf('/');
        String host = (slash < 0 ? text : text.substring(0, slash)).toLowerCase(Locale.ROOT);
        byte[] address;
        int prefix;
        try {
            if (!LITERAL.matcher(host).matches()) {
                throw wrong(text, null); // a name would be looked up, and could lead anywhere
            }
            address = InetAddress.getByName(host).getAddress();
            prefix = slash < 0 ? address.length * 8 : Integer.parseInt(text.substring(slash + 1));
        } catch (UnknownHostException | NumberFormatException e) {
            throw wrong(text, e);
        }
        if (prefix < 0 || prefix > address.length * 8) {
            throw new IllegalArgumentException(
                    "network: " + text + ": bits " + prefix + " (expected: 0 to " + address.length * 8 + ")");
        }
        byte[] masked = mask(address, prefix);
        if (!Arrays.equals(address, masked)) {
            throw new IllegalArgumentException("network: " + text + " has bits set beyond the first " + prefix);
        }
        return new Network(address, prefix, text);
    }

    private static IllegalArgumentException wrong(String text, @Nullable Exception cause) {
        return new IllegalArgumentException(
                "network: " + text + " (expected: ADDRESS/BITS, such as 10.1.0.0/16)", cause);
    }

    private static byte[] mask(byte[] address, int bits) {
        byte[] masked = address.clone();
        for (int i = 0; i < masked.length; i++) {
            int counting = Math.max(0, Math.min(8, bits - i * 8));
            masked[i] &= (byte) (0xff00 >> counting);
        }
        return masked;
    }

    /**
     * Whether an address lies in it.
     *
     * @param peer an address
     * @return true if it does; false for addresses that are not of the internet
     */
    public boolean contains(SocketAddress peer) {
        if (!(peer instanceof InetSocketAddress inet) || inet.getAddress() == null) {
            return false;
        }
        byte[] other = inet.getAddress().getAddress();
        return other.length == address.length && Arrays.equals(mask(other, prefix), address);
    }

    /** As it was given. */
    @Override
    public String toString() {
        return text;
    }
}
