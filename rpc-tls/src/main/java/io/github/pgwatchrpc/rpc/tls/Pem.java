package io.github.pgwatchrpc.rpc.tls;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * The text form of keys and certificates (RFC 7468): blocks of base64 between a line {@code BEGIN} and a line {@code
 * END}. Text around the blocks, as tools like to put there, is passed over.
 */
final class Pem {
    static final String CERTIFICATE = "CERTIFICATE";
    static final String PRIVATE_KEY = "PRIVATE KEY";

    private static final String BEGIN = "-----BEGIN ";
    private static final String END = "-----END ";
    private static final String DASHES = "-----";
    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));

    private Pem() {}

    /**
     * One block.
     *
     * @param label what stands behind {@code BEGIN}
     * @param encrypted whether the block says that a passphrase is needed; {@code der} is of no use then
     * @param der the bytes
     */
    @SuppressWarnings("ArrayRecordComponent") // lives for the length of one method and is never compared
    record Block(String label, boolean encrypted, byte[] der) {}

    /**
     * All blocks of a file.
     *
     * @param file only named in errors
     * @throws TlsException when a block is not whole, or there is none
     */
    static List<Block> parse(Path file, byte[] content) throws TlsException {
        List<Block> blocks = new ArrayList<>();
        String label = null;
        boolean encrypted = false;
        StringBuilder base64 = new StringBuilder();
        for (String line :
                new String(content, StandardCharsets.ISO_8859_1).lines().toList()) {
            // some editors put a byte order mark or blanks in front
            int begin = line.indexOf(BEGIN);
            if (begin >= 0) {
                if (label != null) {
                    throw unfinished(file, label);
                }
                label = label(line, begin + BEGIN.length());
                encrypted = label.startsWith("ENCRYPTED ");
                base64.setLength(0);
            } else if (label != null && line.contains(END + label + DASHES)) {
                blocks.add(new Block(label, encrypted, encrypted ? new byte[0] : decode(file, label, base64)));
                label = null;
            } else if (label != null && line.indexOf(':') >= 0) {
                // the headers of RFC 1421, which OpenSSL writes above an encrypted key
                encrypted |= line.startsWith("Proc-Type:") && line.contains("ENCRYPTED");
            } else if (label != null) {
                base64.append(line.strip());
            }
        }
        if (label != null) {
            throw unfinished(file, label);
        }
        if (blocks.isEmpty()) {
            throw content.length == 0
                    ? new TlsException(file + ": empty", "check whatever writes it; it may not have finished yet")
                    : new TlsException(
                            file + ": no PEM block in " + content.length + " bytes",
                            "give a text file with -----BEGIN lines; openssl x509, pkey or pkcs12 turn other formats into one");
        }
        return blocks;
    }

    static byte[] encode(String label, List<byte[]> ders) {
        StringBuilder text = new StringBuilder();
        for (byte[] der : ders) {
            text.append(BEGIN).append(label).append(DASHES).append('\n');
            text.append(LINES.encodeToString(der)).append('\n');
            text.append(END).append(label).append(DASHES).append('\n');
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static String label(String line, int start) {
        int end = line.indexOf(DASHES, start);
        return end < 0 ? line.substring(start) : line.substring(start, end);
    }

    private static byte[] decode(Path file, String label, StringBuilder base64) throws TlsException {
        try {
            return Base64.getDecoder().decode(base64.toString());
        } catch (IllegalArgumentException e) {
            // without the cause: its text can hold a character of a key
            throw new TlsException(file + ": the block " + label + " is not base64", "copy the file again");
        }
    }

    private static TlsException unfinished(Path file, String label) {
        return new TlsException(
                file + ": the block " + label + " has no END line",
                "the file is cut off, or was being written just now; copy it again, best under another name and then renamed");
    }
}
