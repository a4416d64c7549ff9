# R's answers for the test of Rubin's rules, from data that it makes itself. Base R only.
# Usage, from the root of the repository: Rscript tests/book/make_rubin_reference.R
# Each case is m sets of one estimate and its variance, and the degrees of freedom of a complete data set. The formulas are
# those of Rubin (1987) and of Barnard and Rubin (1999), written out one number at a time.
folder <- "tests/book/rubin"
set.seed(20260923)
sets <- list(); answers <- list()
tell <- function(case, name, value) answers[[length(answers) + 1]] <<- data.frame(case, name, value)
for (case in 1:12) {
  m <- c(2, 3, 5, 10, 20, 40)[(case - 1) %% 6 + 1]
  spread <- c(0, .05, .5, 3)[(case - 1) %% 4 + 1]       # from no doubt at all to much more doubt than chance
  complete <- c(8, 60, 1000, Inf)[(case + case %/% 4) %% 4 + 1]
  q <- round(rnorm(1, 0, 2) + spread * rnorm(m), 6); u <- round(runif(m, .2, .6), 6)
  sets[[case]] <- data.frame(case, estimate = q, variance = u, complete)
  within <- sum(u) / m
  between <- sum((q - sum(q) / m)^2) / (m - 1)
  total <- within + between + between / m
  r <- (between + between / m) / within
  lambda <- (between + between / m) / total
  if (is.infinite(complete)) {
    df <- if (between == 0) Inf else (m - 1) * (1 + 1 / r)^2
  } else {
    observed <- (complete + 1) / (complete + 3) * complete * (1 - lambda)
    if (between == 0) df <- observed else { old <- (m - 1) / lambda^2; df <- old * observed / (old + observed) }
  }
  fmi <- (r + 2 / (df + 3)) / (r + 1)
  tell(case, "estimates", sum(q) / m); tell(case, "within", within); tell(case, "between", between); tell(case, "total", total)
  tell(case, "share_of_doubt", lambda); tell(case, "degrees_of_freedom", df); tell(case, "missing_information", fmi)
  tell(case, "lower", sum(q) / m - qt(.975, df) * sqrt(total)); tell(case, "upper", sum(q) / m + qt(.975, df) * sqrt(total))
  tell(case, "p_values", 2 * pt(-abs(sum(q) / m) / sqrt(total), df))
}
# The worked example of a mean: rows of which a third are missing, drawn from a regression, each set estimated by lm.
n <- 60; x <- rnorm(n); y <- round(1 + x + rnorm(n), 4); y[sample(n, 20)] <- NA; m <- 20
known <- lm(y ~ x); q <- u <- numeric(m)
for (k in 1:m) {
  sigma <- sqrt(sum(resid(known)^2) / rchisq(1, known$df.residual))
  b <- coef(known) + sigma * t(chol(summary(known)$cov.unscaled)) %*% rnorm(2)
  full <- ifelse(is.na(y), b[1] + b[2] * x + rnorm(n, 0, sigma), y)
  fit <- summary(lm(full ~ x))$coefficients["x", ]; q[k] <- fit[1]; u[k] <- fit[2]^2
}
sets[[13]] <- data.frame(case = 13, estimate = q, variance = u, complete = n - 2)
total <- mean(u) + (1 + 1 / m) * var(q); lambda <- (1 + 1 / m) * var(q) / total
observed <- (n - 1) / (n + 1) * (n - 2) * (1 - lambda); old <- (m - 1) / lambda^2; df <- old * observed / (old + observed)
tell(13, "total", total); tell(13, "degrees_of_freedom", df); tell(13, "lower", mean(q) - qt(.975, df) * sqrt(total))
write.csv(do.call(rbind, sets), file.path(folder, "sets.csv"), row.names = FALSE)
told <- do.call(rbind, answers); told$value <- format(told$value, digits = 17, trim = TRUE)
write.csv(told, file.path(folder, "reference.csv"), row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, "base and stats only"), file.path(folder, "made_with.txt"))
