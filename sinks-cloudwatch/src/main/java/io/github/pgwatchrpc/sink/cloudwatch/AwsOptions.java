package io.github.pgwatchrpc.sink.cloudwatch;

import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkOption;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The options that both kinds of sinks have: where AWS is, and who calls it. None is a secret: those are AWS's own. */
final class AwsOptions {

    private static final SinkOption<String> PROFILE = SinkOption.text(
            "profile", "profile of the credentials' file; without it AWS's default chain looks for credentials");
    private static final SinkOption<Path> CREDENTIALS_FILE =
            path("credentials-file", "file with profiles, in place of ~/.aws; read again when it changes");
    private static final SinkOption<String> ROLE_ARN = SinkOption.of(
            "role-arn",
            "text",
            "arn:PARTITION:iam::ACCOUNT:role/NAME",
            "role to assume, with the credentials found or with web-identity-token-file",
            text -> text.matches("arn:[a-z-]+:iam::[0-9]{12}:role/[\\x21-\\x7e]{1,512}") ? text : null);
    private static final SinkOption<String> EXTERNAL_ID = SinkOption.of(
            "external-id",
            "text",
            "2 to 1,224 of A-Za-z0-9+=,.@:/_-",
            "external id that the role's trust policy asks for",
            text -> text.matches("[A-Za-z0-9+=,.@:/_-]{2,1224}") ? text : null);
    private static final SinkOption<String> SESSION_NAME = SinkOption.of(
                    "session-name",
                    "text",
                    "2 to 64 of A-Za-z0-9+=,.@_-",
                    "how the role's session is called in CloudTrail",
                    text -> text.matches("[A-Za-z0-9+=,.@_-]{2,64}") ? text : null)
            .defaultsTo("pgwatch-rpc");
    private static final SinkOption<Path> WEB_IDENTITY_TOKEN_FILE =
            path("web-identity-token-file", "file with the token that role-arn is assumed with");
    private static final SinkOption<URI> ENDPOINT =
            address("endpoint", "the service's address, of a VPC endpoint for instance");
    private static final SinkOption<URI> STS_ENDPOINT =
            address("sts-endpoint", "address of the Security Token Service, for role-arn");
    private static final SinkOption<Boolean> FIPS =
            SinkOption.flag("fips", "use the region's FIPS endpoints").defaultsTo("false");
    private static final SinkOption<Boolean> DUAL_STACK = SinkOption.flag(
                    "dual-stack", "use the region's endpoints that have IPv6")
            .defaultsTo("false");
    private static final SinkOption<Duration> TIMEOUT = SinkOption.duration(
                    "timeout", Duration.ofMillis(100), Duration.ofMinutes(10), "how long a call may take")
            .defaultsTo("30s");

    private static final List<SinkOption<?>> ALL = List.of(
            PROFILE,
            CREDENTIALS_FILE,
            ROLE_ARN,
            EXTERNAL_ID,
            SESSION_NAME,
            WEB_IDENTITY_TOKEN_FILE,
            ENDPOINT,
            STS_ENDPOINT,
            FIPS,
            DUAL_STACK,
            TIMEOUT);

    private static final Pattern REGION = Pattern.compile("[a-z]{2,8}(-[a-z]{2,16}){1,3}-[0-9]{1,2}");

    private AwsOptions() {}

    /** A sink's own options, and these. */
    static List<SinkOption<?>> with(SinkOption<?>... own) {
        return Stream.concat(Stream.of(own), ALL.stream()).toList();
    }

    static AwsAccess read(SinkConfig config, String region) {
        if (!REGION.matcher(region).matches()) {
            config.targetProblem("region \"" + region + '"', "one such as eu-central-1");
        }
        URI endpoint = config.find(ENDPOINT);
        String role = config.find(ROLE_ARN);
        Path token = config.find(WEB_IDENTITY_TOKEN_FILE);
        if (endpoint != null && (config.get(FIPS) || config.get(DUAL_STACK))) {
            config.problem(
                    "option endpoint", "given beside fips or dual-stack", "the address of such an endpoint alone");
        }
        if (token != null && role == null) {
            config.problem("option web-identity-token-file", "without role-arn", "both");
        }
        if (token != null && config.find(PROFILE) != null) {
            config.problem("option profile", "given beside web-identity-token-file", "one of them");
        }
        if (role == null && (config.find(EXTERNAL_ID) != null || config.find(STS_ENDPOINT) != null)) {
            config.problem("options external-id, sts-endpoint", "without role-arn", "beside it only");
        }
        return new AwsAccess(
                region,
                endpoint,
                config.find(STS_ENDPOINT),
                config.find(PROFILE),
                config.find(CREDENTIALS_FILE),
                role,
                config.find(EXTERNAL_ID),
                config.get(SESSION_NAME),
                token,
                config.get(FIPS),
                config.get(DUAL_STACK),
                config.get(TIMEOUT));
    }

    private static SinkOption<Path> path(String name, String meaning) {
        return SinkOption.of(name, "text", "path of a file", meaning, AwsOptions::path);
    }

    private static @Nullable Path path(String text) {
        try {
            return text.isEmpty() ? null : Path.of(text);
        } catch (InvalidPathException e) {
            return null;
        }
    }

    private static SinkOption<URI> address(String name, String meaning) {
        return SinkOption.of(name, "text", "https://HOST or http://HOST:PORT", meaning, AwsOptions::address);
    }

    private static @Nullable URI address(String text) {
        try {
            URI address = new URI(text);
            boolean http = "https".equals(address.getScheme()) || "http".equals(address.getScheme());
            return http
                            && address.getHost() != null
                            && address.getRawUserInfo() == null
                            && address.getRawQuery() == null
                    ? address
                    : null;
        } catch (URISyntaxException e) {
            return null;
        }
    }
}
