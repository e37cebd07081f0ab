package io.github.pgwatchrpc.sink.cloudwatch;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where AWS is called and as whom, as the options say it. Names no class of the SDK.
 *
 * @param region the region, {@code eu-central-1} for instance
 * @param endpoint the service's address; null for the region's own
 * @param stsEndpoint the address of the service that hands out roles; null for the region's own
 * @param profile a profile of the credentials' file; null for the default chain
 * @param credentialsFile the file with profiles; null for the usual ones
 * @param roleArn a role to be assumed; null for none
 * @param externalId what the role's trust policy may ask for; null for none
 * @param sessionName names the session of the role
 * @param webIdentityTokenFile the token that the role is assumed with; null for the credentials
 * @param fips whether endpoints are those of FIPS 140
 * @param dualStack whether endpoints have addresses of both IP versions
 * @param timeout how long a call may take
 */
record AwsAccess(
        String region,
        @Nullable URI endpoint,
        @Nullable URI stsEndpoint,
        @Nullable String profile,
        @Nullable Path credentialsFile,
        @Nullable String roleArn,
        @Nullable String externalId,
        String sessionName,
        @Nullable Path webIdentityTokenFile,
        boolean fips,
        boolean dualStack,
        Duration timeout) {}
