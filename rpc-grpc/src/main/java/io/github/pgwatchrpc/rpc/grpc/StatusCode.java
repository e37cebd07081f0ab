package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import java.nio.charset.StandardCharsets;

/** The status codes that this server answers with, by the numbers of gRPC's doc/statuscodes.md, and what others mean. */
enum StatusCode {
    OK(0),
    UNKNOWN(2),
    INVALID_ARGUMENT(3),
    DEADLINE_EXCEEDED(4),
    NOT_FOUND(5),
    PERMISSION_DENIED(7),
    RESOURCE_EXHAUSTED(8),
    UNIMPLEMENTED(12),
    INTERNAL(13),
    UNAVAILABLE(14),
    UNAUTHENTICATED(16);

    final int number;
    final String header;

    StatusCode(int number) {
        this.number = number;
        this.header = Integer.toString(number);
    }

    static StatusCode of(RpcException.Kind kind) {
        return switch (kind) {
            case UNKNOWN -> UNKNOWN;
            case INVALID_ARGUMENT -> INVALID_ARGUMENT;
            case UNAUTHENTICATED -> UNAUTHENTICATED;
            case PERMISSION_DENIED -> PERMISSION_DENIED;
            case RESOURCE_EXHAUSTED -> RESOURCE_EXHAUSTED;
            case UNAVAILABLE -> UNAVAILABLE;
            case INTERNAL -> INTERNAL;
        };
    }

    /** Reads a status as it stands in trailers; what is no number is a fault of the server. */
    static int parse(String status) throws RpcException {
        if (status.isEmpty() || status.length() > 3 || !status.chars().allMatch(each -> each >= '0' && each <= '9')) {
            throw new RpcException(
                    Kind.UNKNOWN,
                    "grpc-status: " + status.substring(0, Math.min(status.length(), 20)) + " (expected: a number)");
        }
        return Integer.parseInt(status);
    }

    /** What a status says to a client. What has no kind of its own here is left to the text. */
    static Kind kind(int number) {
        return switch (number) {
            case 3, 11 -> Kind.INVALID_ARGUMENT; // INVALID_ARGUMENT, OUT_OF_RANGE
            case 7 -> Kind.PERMISSION_DENIED;
            case 16 -> Kind.UNAUTHENTICATED;
            case 8 -> Kind.RESOURCE_EXHAUSTED;
            case 10, 14 -> Kind.UNAVAILABLE; // ABORTED, UNAVAILABLE
            case 13, 15 -> Kind.INTERNAL; // INTERNAL, DATA_LOSS
            default -> Kind.UNKNOWN;
        };
    }

    /** What an answer without gRPC says, by gRPC's doc/http-grpc-status-mapping.md. */
    static Kind kindOfHttp(String status) {
        return switch (status) {
            case "400" -> Kind.INTERNAL;
            case "401" -> Kind.UNAUTHENTICATED;
            case "403" -> Kind.PERMISSION_DENIED;
            case "429", "502", "503", "504" -> Kind.UNAVAILABLE;
            default -> Kind.UNKNOWN;
        };
    }

    /** Reads what {@link #percentEncode} writes; what is not encoded as it should be stays as it is. */
    static String percentDecode(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int size = 0;
        for (int i = 0; i < bytes.length; i++) {
            int high = bytes[i] == '%' && i + 2 < bytes.length ? Character.digit(bytes[i + 1], 16) : -1;
            int low = high < 0 ? -1 : Character.digit(bytes[i + 2], 16);
            if (low < 0) {
                bytes[size++] = bytes[i];
            } else {
                bytes[size++] = (byte) (high << 4 | low);
                i += 2;
            }
        }
        return new String(bytes, 0, size, StandardCharsets.UTF_8);
    }

    /**
     * Writes a status text as a header may hold it: printable ASCII but for the percent sign, all else as percent and two
     * hexadecimal digits a byte of UTF-8 (gRPC's PROTOCOL-HTTP2.md, Status-Message).
     */
    static String percentEncode(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        StringBuilder encoded = new StringBuilder(utf8.length);
        for (byte each : utf8) {
            if (each >= ' ' && each <= '~' && each != '%') {
                encoded.append((char) each);
            } else {
                encoded.append('%')
                        .append(Character.toUpperCase(Character.forDigit(each >> 4 & 0xf, 16)))
                        .append(Character.toUpperCase(Character.forDigit(each & 0xf, 16)));
            }
        }
        return encoded.toString();
    }
}
