# R's answers for the Cox and Kaplan-Meier tests, from tests/book/cox/spells.csv (made by cox/make_cox_data.py).
# Usage, from the root of the repository: Rscript tests/book/make_cox_reference.R
# Needs the R packages survival and jsonlite; the versions used are written into the output.
suppressMessages({library(survival); library(jsonlite)})
folder <- "tests/book/cox"
spells <- read.csv(file.path(folder, "spells.csv"))
spells$need <- factor(spells$need)
tight <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 60)  # R's own stopping rule is looser than our tests

answers_of <- function(fit) {
  clustered <- !is.null(fit$naive.var)
  model <- if (clustered) fit$naive.var else fit$var
  base <- basehaz(fit, centered = FALSE)
  tests <- sapply(c("km", "identity"), function(g) {
    z <- cox.zph(fit, transform = g)$table
    list(term = rownames(z), chisq = unname(z[, "chisq"]), df = unname(z[, "df"]), p = unname(z[, "p"]))
  }, simplify = FALSE)
  list(call = paste(deparse(fit$call, width.cutoff = 500), collapse = " "), names = names(coef(fit)), coef = unname(coef(fit)),
       covariance = unname(model), robust = if (clustered) unname(fit$var), loglik = fit$loglik,
       score_test = unname(fit$score), wald_test = unname(fit$wald.test), n = fit$n, events = fit$nevent,
       zph = tests, basehaz = list(time = base$time, hazard = base$hazard, strata = as.character(base$strata)))
}
curve_of <- function(s) {
  k <- s$n.event + s$n.censor > 0  # R also lists days on which rows only enter
  list(time = s$time[k], at_risk = s$n.risk[k], events = s$n.event[k], survival = s$surv[k],
       std_error = (s$surv * s$std.err)[k], lower = s$lower[k], upper = s$upper[k],
       median = unname(quantile(s, 0.5)$quantile), mean_to_1000 = unname(summary(s, rmean = 1000)$table["rmean"]))
}
surv_by <- function(ty) list(
  plain = coxph(Surv(day, event) ~ need + sex + age, spells, ties = ty, control = tight),
  entry_area_child = coxph(Surv(entry, day, event) ~ need + sex + age + strata(area), spells, cluster = child, ties = ty, control = tight),
  quarters_child = coxph(Surv(quarters, event) ~ need + sex + age, spells, cluster = child, ties = ty, control = tight),
  quarters_weights_child = coxph(Surv(quarters, event) ~ need + sex + age, spells, cluster = child, weights = weight, ties = ty, control = tight),
  weights_model = coxph(Surv(entry, day, event) ~ need + sex + offset(0.02 * age), spells, weights = weight, robust = FALSE, ties = ty, control = tight))
cox <- list(efron = lapply(surv_by("efron"), answers_of), breslow = lapply(surv_by("breslow"), answers_of))
km <- sapply(c("log-log", "log", "plain"), function(ci)
  curve_of(survfit(Surv(entry, day, event) ~ 1, spells, conf.type = ci)), simplify = FALSE)
km$weighted <- curve_of(survfit(Surv(day, event) ~ 1, spells, weights = weight, robust = FALSE, conf.type = "log-log"))
rank <- survdiff(Surv(day, event) ~ need, spells)
adjusted <- survfit(coxph(Surv(entry, day, event) ~ need + sex + age, spells, control = tight),
                    newdata = data.frame(need = factor(2, levels = 0:3), sex = 1, age = 10))
out <- list(made_with = list(R = R.version.string, survival = as.character(packageVersion("survival"))),
            cox = cox, km = km, logrank = list(observed = rank$obs, expected = rank$exp, chisq = rank$chisq),
            curve_need2_sex1_age10 = list(time = adjusted$time, survival = adjusted$surv))
write(toJSON(out, digits = I(17), auto_unbox = TRUE, null = "null", na = "null"), file.path(folder, "reference.json"))
