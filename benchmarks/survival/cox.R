# One case of run.py in R's survival package: prints seconds, version and coefficients as JSON.
# Rscript cox.R FOLDER CASE. Factors are made before the clock starts.
suppressMessages(library(survival))
asked <- commandArgs(TRUE)
read <- function(name) {
  file <- file.path(asked[1], paste0(name, ".bin"))
  readBin(file, "integer", file.size(file) / 4, size = 4)
}
d <- list()
for (name in c("need", "age", "sex", "ethnicity", "region")) d[[name]] <- factor(read(name))
for (name in c("day", "event", "entry", "authority", "child")) d[[name]] <- read(name)
d <- as.data.frame(d)
model <- switch(asked[2],
  plain = Surv(day, event) ~ need + age + sex + ethnicity + region,
  strata = Surv(day, event) ~ need + age + sex + ethnicity + strata(authority),
  cluster = Surv(day, event) ~ need + age + sex + ethnicity + region,
  late = Surv(entry, day, event) ~ need + age + sex + ethnicity + region)
exact <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50)
spent <- system.time(
  fit <- if (asked[2] == "cluster") coxph(model, d, cluster = child, ties = "efron", control = exact)
         else coxph(model, d, ties = "efron", control = exact))
cat(sprintf('{"seconds": %.3f, "version": "%s", "coefficients": [%s]}\n', sum(spent[1:2]),
            as.character(packageVersion("survival")), paste(sprintf("%.17g", coef(fit)), collapse = ", ")))
