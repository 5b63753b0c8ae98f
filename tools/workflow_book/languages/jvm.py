"""Java and Kotlin with Maven and Gradle."""

from __future__ import annotations

from dataclasses import replace

from workflow_book.toolchain import Json, Step, Toolchain, run, use


def _setup_java(**inputs: str) -> Json:
    return use(
        "Set up JDK <version>", "actions/setup-java", {"distribution": "temurin", "java-version": "<version>", **inputs}
    )


_GRADLE_SETUP: tuple[Step, ...] = (_setup_java(), use("Set up Gradle", "gradle/actions/setup-gradle"))

_MAVEN = Toolchain(
    language="java",
    manager="maven",
    version_key="java",
    versions=("11", "17", "21", "25"),
    setup=(_setup_java(cache="maven"),),
    lint=(
        run("Checkstyle", "./mvnw -B checkstyle:check"),
        run("SpotBugs", "mvn -B -DskipTests compile spotbugs:check"),
    ),
    format=(run("Check formatting", "./mvnw -B spotless:check"),),
    test=(
        run("Verify", "./mvnw -B verify"),
        run("Build with Maven", "mvn --batch-mode --update-snapshots verify"),
        run("Test", "mvn -B -ntp test -Dsurefire.rerunFailingTestsCount=2"),
    ),
    build=(run("Package", "./mvnw -B -DskipTests package"), run("Build", "mvn -B package --file pom.xml -DskipTests")),
    publish=(
        run(
            "Publish to Maven Central",
            "./mvnw -B -Prelease -DskipTests deploy",
            env={
                "MAVEN_USERNAME": "${{ secrets.MAVEN_CENTRAL_USERNAME }}",
                "MAVEN_PASSWORD": "${{ secrets.MAVEN_CENTRAL_TOKEN }}",
                "MAVEN_GPG_PASSPHRASE": "${{ secrets.MAVEN_GPG_PASSPHRASE }}",
            },
        ),
    ),
    audit=(run("OWASP dependency check", "./mvnw -B org.owasp:dependency-check-maven:check -DfailBuildOnCVSS=7"),),
    benchmark=(run("Run JMH", "java -jar benchmarks/target/benchmarks.jar -rf json -rff output.json"),),
    migrate=(run("Run migrations", "./mvnw -B flyway:migrate"),),
    environment={"MAVEN_OPTS": "-Xmx2g"},
    sources=("src/**", "pom.xml"),
    cache_path="~/.m2/repository",
    lock_file="**/pom.xml",
    coverage="target/site/jacoco/jacoco.xml",
    artifact="target/*.jar",
    container="eclipse-temurin:<version>-jdk",
    codeql="java-kotlin",
    extension="java",
    services=True,
)

_GRADLE = replace(
    _MAVEN,
    manager="gradle",
    setup=_GRADLE_SETUP,
    lint=(run("Check style", "./gradlew checkstyleMain checkstyleTest"), run("Check", "./gradlew check -x test")),
    format=(run("Check formatting", "./gradlew spotlessCheck"),),
    test=(
        run("Test", "./gradlew test"),
        run("Build with Gradle", "./gradlew build --stacktrace"),
        run("Run tests", "./gradlew check jacocoTestReport --no-daemon"),
    ),
    build=(run("Assemble", "./gradlew assemble"), run("Build jar", "./gradlew bootJar -x test")),
    publish=(
        run(
            "Publish to Maven Central",
            "./gradlew publishAndReleaseToMavenCentral --no-configuration-cache",
            env={
                "ORG_GRADLE_PROJECT_mavenCentralUsername": "${{ secrets.MAVEN_CENTRAL_USERNAME }}",
                "ORG_GRADLE_PROJECT_mavenCentralPassword": "${{ secrets.MAVEN_CENTRAL_TOKEN }}",
                "ORG_GRADLE_PROJECT_signingInMemoryKey": "${{ secrets.SIGNING_KEY }}",
            },
        ),
    ),
    audit=(run("Check dependencies", "./gradlew dependencyCheckAnalyze"),),
    benchmark=(
        run("Run JMH", "./gradlew jmh -Pjmh.resultFormat=JSON\ncp build/results/jmh/results.json output.json\n"),
    ),
    migrate=(run("Run migrations", "./gradlew flywayMigrate"),),
    environment={"GRADLE_OPTS": "-Dorg.gradle.daemon=false"},
    sources=("src/**", "build.gradle.kts", "gradle/**"),
    cache_path="~/.gradle/caches\n~/.gradle/wrapper\n",
    lock_file="**/*.gradle*",
    coverage="build/reports/jacoco/test/jacocoTestReport.xml",
    artifact="build/libs/*.jar",
)

_KOTLIN = replace(
    _GRADLE,
    language="kotlin",
    versions=("17", "21"),
    lint=(run("Detekt", "./gradlew detekt"), run("Lint", "./gradlew ktlintCheck detekt")),
    format=(run("Check formatting", "./gradlew ktlintCheck"),),
    types=(run("Check public API", "./gradlew apiCheck"),),
    test=(run("Test", "./gradlew allTests"), run("Run tests", "./gradlew test koverXmlReport")),
    coverage="build/reports/kover/report.xml",
    extension="kt",
)

JVM = (_MAVEN, _GRADLE, _KOTLIN)
