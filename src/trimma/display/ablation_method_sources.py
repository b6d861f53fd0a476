"""Where the methods of an ablation's analysis are described."""

SOURCES = {
    "Dunnett": "C. W. Dunnett (1955). A multiple comparison procedure for comparing several treatments with a control. "
    "Journal of the American Statistical Association 50.",
    "one factor": "J. C. Hsu (1992). The factor analytic approach to simultaneous inference in the general linear "
    "model. Journal of Computational and Graphical Statistics 1.",
    "maximum modulus": "M. R. Stoline and H. K. Ury (1979). Tables of the studentized maximum modulus distribution. "
    "Technometrics 21.",
    "Sidak": "Z. Sidak (1967). Rectangular confidence regions for the means of multivariate normal distributions. "
    "Journal of the American Statistical Association 62.",
    "Smyth": "G. K. Smyth (2004). Linear models and empirical Bayes methods for assessing differential expression. "
    "Statistical Applications in Genetics and Molecular Biology 3.",
    "Phipson": "B. Phipson et al. (2016). Robust hyperparameter estimation protects against hypervariable genes. "
    "Annals of Applied Statistics 10.",
    "Satterthwaite": "F. E. Satterthwaite (1946). An approximate distribution of estimates of variance components. "
    "Biometrics Bulletin 2.",
    "Nadeau": "C. Nadeau and Y. Bengio (2003). Inference for the generalization error. Machine Learning 52.",
    "Lan and DeMets": "K. K. G. Lan and D. L. DeMets (1983). Discrete sequential boundaries for clinical trials. "
    "Biometrika 70.",
    "Schuirmann": "D. J. Schuirmann (1987). A comparison of the two one-sided tests procedure and the power approach. "
    "Journal of Pharmacokinetics and Biopharmaceutics 15.",
    "Tarone": "R. E. Tarone (1990). A modified Bonferroni method for discrete data. Biometrics 46.",
    "Kramer": "C. Y. Kramer (1956). Extension of multiple range tests to group means with unequal numbers of "
    "replications. Biometrics 12.",
    "Piepho": "H.-P. Piepho (2004). An algorithm for a letter-based representation of all-pairwise comparisons. "
    "Journal of Computational and Graphical Statistics 13.",
    "Castro": "J. Castro, D. Gomez and J. Tejada (2009). Polynomial calculation of the Shapley value based on "
    "sampling. Computers & Operations Research 36.",
    "Fawcett": "C. Fawcett and H. H. Hoos (2016). Analysing differences between algorithm configurations through "
    "ablation. Journal of Heuristics 22.",
}
"""Where a method is described, by a word that names it in the sentences."""
