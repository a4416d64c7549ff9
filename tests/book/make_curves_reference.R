# R's answers for cumulative incidence, Gray's test, weighted log-rank tests, restricted means and curves after a Cox fit,
# from tests/book/cox/spells.csv (made by cox/make_cox_data.py). An event of every third child is of another cause.
# Usage, from the root of the repository: Rscript tests/book/make_curves_reference.R
# Needs the R packages survival, cmprsk and jsonlite; the versions used are written into the output.
suppressMessages({library(survival); library(cmprsk); library(jsonlite)})
spells <- read.csv("tests/book/cox/spells.csv")
spells$cause <- ifelse(spells$event == 1, ifelse(spells$child %% 3 == 0, 2, 1), 0)
spells$ended <- factor(spells$cause, 0:2)
spells$row <- seq_len(nrow(spells))
tight <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 60)

states <- function(s, days) {
  r <- summary(s, times = days, extend = TRUE)
  list(days = days, at_risk = r$n.risk[, 1], share = r$pstate, std_error = r$std.err)
}
days <- c(30, 90, 182, 365, 700)
incidence <- list(
  all = states(survfit(Surv(day, ended) ~ 1, spells), days),
  entry = states(survfit(Surv(entry, day, ended) ~ 1, spells, id = row), days),
  quarters = states(survfit(Surv(quarters, ended) ~ 1, spells), 1:4))
gray <- function(...) unname(cuminc(spells$day, spells$cause, spells$need, ...)$Tests[, "stat"])
rank <- function(s) list(observed = if (is.matrix(s$obs)) rowSums(s$obs) else s$obs,
                         expected = if (is.matrix(s$exp)) rowSums(s$exp) else s$exp, variance = s$var, chi_square = s$chisq)
fit <- coxph(Surv(entry, day, event) ~ sex + age + strata(area), spells, cluster = child, control = tight)
plain <- coxph(Surv(day, event) ~ sex + age, spells, ties = "breslow", control = tight)
after <- function(s, at) { r <- summary(s, times = at, extend = TRUE); list(days = at, survival = r$surv, std_error = r$std.err) }
mean_of <- function(s) { r <- summary(s, rmean = 600)$table; unname(r[grep("rmean", names(r))]) }
out <- list(
  made_with = list(R = R.version.string, survival = as.character(packageVersion("survival")), cmprsk = as.character(packageVersion("cmprsk"))),
  incidence = incidence,
  gray = list(plain = gray(), rho1 = gray(rho = 1), strata = gray(strata = spells$area)),
  log_rank = list(rho1 = rank(survdiff(Surv(day, event) ~ need, spells, rho = 1)),
                  strata = rank(survdiff(Surv(day, event) ~ need + strata(area), spells)),
                  strata_rho = rank(survdiff(Surv(day, event) ~ need + strata(area), spells, rho = 0.5))),
  after_cox = list(area1 = after(survfit(fit, newdata = data.frame(sex = 1, age = 12, area = 1)), days),
                   breslow = after(survfit(plain, newdata = data.frame(sex = 0, age = 3)), days)),
  hazard = local({ s <- survfit(Surv(entry, day, event) ~ 1, spells); k <- s$n.event > 0
    list(days = s$time[k], hazard = s$cumhaz[k], std_error = s$std.chaz[k]) }),
  restricted_mean = list(all = mean_of(survfit(Surv(day, event) ~ 1, spells))))
write(toJSON(out, digits = I(17), auto_unbox = TRUE, null = "null", na = "null"), "tests/book/curves/reference.json")
